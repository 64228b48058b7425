// What stands in front of a file's data in a quilt. Specification section 17.2.
#pragma once

#include <functional>
#include <string>

#include "codec/quilt/tags.h"

namespace walrusfs::quilt {

struct FileHeader {
  std::string identifier;
  Tags tags;
  ByteRange data;  // counted from the first byte of the file's columns
};

uint64_t file_header_bytes(std::string_view identifier, const Tags& tags);
// kTooLarge when the file is too long for its length field.
Result<Bytes> make_file_header(std::string_view identifier, const Tags& tags, uint64_t data_bytes);

// Answers with those bytes of a file's columns.
using FetchBytes = std::function<Result<Bytes>(ByteRange range)>;
// Fetches nothing but the header, and nothing beyond `capacity_bytes`, the bytes that the file's columns
// hold. kCorrupt for what is no file.
Result<FileHeader> read_file_header(uint64_t capacity_bytes, const FetchBytes& fetch);

}  // namespace walrusfs::quilt
