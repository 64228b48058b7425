// Verbs for the tests of packs: build one, open it, run a stock program.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "codec/pack/pack_reader.h"
#include "codec/pack/pack_writer.h"

namespace walrusfs::pack::testing {

// Fails the test with the error's words; the value otherwise.
template <typename T>
T must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().to_string());
  return std::move(result).value();
}
inline void must(Status status) {
  if (!status.ok()) throw std::runtime_error(status.error().to_string());
}

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }
  // A fresh folder inside.
  std::string folder(const std::string& name) const;
  std::string write(const std::string& name, ByteView bytes) const;

 private:
  std::filesystem::path path_;
};

struct Outcome {
  int exit_code = -1;
  Bytes out;
  std::string err;
};
// Runs a program found in PATH with `input` on its standard input, in the C locale.
Outcome run(const std::vector<std::string>& arguments, ByteView input = {});
// Runs it on a terminal of its own and types `lines` whenever it waits; what it printed.
Outcome run_on_terminal(const std::vector<std::string>& arguments, const std::vector<std::string>& lines);

Bytes read_whole(const std::string& path);
Bytes random_bytes(size_t count, uint64_t seed);
// Bytes that zstd likes.
Bytes prose(size_t count);

// A member with its content.
struct Item {
  Member member;
  Bytes content;
};
Item file(const std::string& path, Bytes content);
Item of_type(const std::string& path, MemberType type, uint32_t mode = 0644);
Item link_to(const std::string& path, MemberType type, const std::string& target);
// Every kind of member there is, with awkward names, times, owners and attributes.
std::vector<Item> every_kind();

// The item as it is read back: a sparse file's ranges are whole blocks then.
Item as_read(const Item& item);
// Its content with the holes.
Bytes with_holes(const Item& item);

struct Built {
  Bytes blob;
  PackSummary summary;
  std::vector<uint64_t> t_offsets;  // of the items' contents
};
Built build(const std::vector<Item>& items, const PackOptions& options = {}, const std::string& changes = "",
            uint64_t seed = 1);

AgeIdentity test_identity();
PackOptions encrypted_options();

constexpr Timestamp kTestTime{1'700'000'000'000'000'000};

}  // namespace walrusfs::pack::testing
