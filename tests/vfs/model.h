// The simplest thing that behaves like a tree of files: maps and strings. What the Vfs is compared with.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "fs/vfs/vfs.h"

namespace walrusfs {

class Model {
 public:
  struct Node {
    bool is_folder = false;
    std::string content;
    uint32_t mode = 0;
    std::map<std::string, std::string> xattrs;
    std::map<std::string, std::shared_ptr<Node>> names;  // shared: hard links
  };
  using NodePtr = std::shared_ptr<Node>;

  Model() : root_(std::make_shared<Node>()) { root_->is_folder = true; }

  NodePtr at(const std::string& path) const;  // "": the root; null: nothing there
  NodePtr folder_of(const std::string& path) const;
  static std::string last_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }
  std::vector<std::string> paths() const;  // of everything but the root

  // Each says whether it may be done, and does it then.
  bool make(const std::string& path, bool is_folder, uint32_t mode);
  bool link(const std::string& from, const std::string& to);
  bool remove(const std::string& path, bool folder);
  bool rename(const std::string& from, const std::string& to, RenameMode mode);
  static void write(Node& file, uint64_t offset, const std::string& bytes);
  static void zero(Node& file, uint64_t offset, uint64_t length);

  Model copy() const;

 private:
  bool is_inside(const NodePtr& node, const NodePtr& ancestor) const;
  NodePtr root_;
};

}  // namespace walrusfs
