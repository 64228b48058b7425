// packs.txt in a volume's folder: which packs the network keeps, apart from the index. When the index is damaged, this
// is how files are found again (docs/operations.md). One line per pack, in the order in which they were certified:
// number, blob ID, bytes, and when; lines that begin with '#' are for people.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "meta/rows.h"

namespace walrusfs::cli {

// For one thread.
class PackList {
 public:
  // Makes the file if it is missing, and adds those of `certified` that it does not name. Nothing is ever taken
  // out: packs that an index from a backup does not know are just those that somebody may look for.
  static Result<std::unique_ptr<PackList>> open(Files& files, const std::string& path,
                                                const std::vector<PackRow>& certified);
  // On disk when it returns.
  Status add(const PackRow& pack);

 private:
  PackList(std::unique_ptr<File> file, uint64_t end) : file_(std::move(file)), end_(end) {}
  Status append(std::string_view text);

  const std::unique_ptr<File> file_;
  uint64_t end_;
};

}  // namespace walrusfs::cli
