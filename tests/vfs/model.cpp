#include "tests/vfs/model.h"

#include <algorithm>
#include <functional>

namespace walrusfs {

Model::NodePtr Model::at(const std::string& path) const {
  NodePtr node = root_;
  for (size_t from = 0; from < path.size();) {
    const size_t slash = std::min(path.find('/', from), path.size());
    auto found = node->names.find(path.substr(from, slash - from));
    if (found == node->names.end()) return nullptr;
    node = found->second;
    from = slash + 1;
  }
  return node;
}

Model::NodePtr Model::folder_of(const std::string& path) const {
  const size_t slash = path.rfind('/');
  NodePtr folder = at(slash == std::string::npos ? "" : path.substr(0, slash));
  return folder != nullptr && folder->is_folder ? folder : nullptr;
}

std::vector<std::string> Model::paths() const {
  std::vector<std::string> out;
  std::function<void(const NodePtr&, const std::string&)> walk = [&](const NodePtr& node, const std::string& path) {
    for (const auto& [name, child] : node->names) {
      out.push_back(path + name);
      walk(child, path + name + "/");
    }
  };
  walk(root_, "");
  return out;
}

bool Model::make(const std::string& path, bool is_folder, uint32_t mode) {
  NodePtr folder = folder_of(path);
  if (folder == nullptr || folder->names.contains(last_name(path))) return false;
  auto node = std::make_shared<Node>();
  node->is_folder = is_folder;
  node->mode = mode;
  folder->names[last_name(path)] = node;
  return true;
}

bool Model::link(const std::string& from, const std::string& to) {
  NodePtr node = at(from);
  NodePtr folder = folder_of(to);
  if (node == nullptr || folder == nullptr || node->is_folder || folder->names.contains(last_name(to))) return false;
  folder->names[last_name(to)] = node;
  return true;
}

bool Model::remove(const std::string& path, bool is_folder) {
  NodePtr node = at(path);
  if (node == nullptr || node->is_folder != is_folder || !node->names.empty()) return false;
  folder_of(path)->names.erase(last_name(path));
  return true;
}

bool Model::is_inside(const NodePtr& node, const NodePtr& ancestor) const {
  if (node == ancestor) return true;
  for (const auto& [name, child] : ancestor->names)
    if (child->is_folder && is_inside(node, child)) return true;
  return false;
}

bool Model::rename(const std::string& from, const std::string& to, RenameMode mode) {
  NodePtr node = at(from);
  NodePtr from_folder = folder_of(from);
  NodePtr to_folder = folder_of(to);
  if (node == nullptr || to_folder == nullptr) return false;
  NodePtr replaced = at(to);
  if (mode == RenameMode::kNoReplace && replaced != nullptr) return false;
  if (mode == RenameMode::kExchange && replaced == nullptr) return false;
  if (node == replaced) return true;
  if (node->is_folder && is_inside(to_folder, node)) return false;
  if (mode == RenameMode::kExchange) {
    if (replaced->is_folder && is_inside(from_folder, replaced)) return false;
    from_folder->names[last_name(from)] = replaced;
    to_folder->names[last_name(to)] = node;
    return true;
  }
  if (replaced != nullptr && (replaced->is_folder != node->is_folder || !replaced->names.empty())) return false;
  from_folder->names.erase(last_name(from));
  to_folder->names[last_name(to)] = node;
  return true;
}

void Model::write(Node& file, uint64_t offset, const std::string& bytes) {
  if (file.content.size() < offset + bytes.size()) file.content.resize(offset + bytes.size());
  file.content.replace(offset, bytes.size(), bytes);
}

void Model::zero(Node& file, uint64_t offset, uint64_t length) {
  if (offset >= file.content.size()) return;
  length = std::min<uint64_t>(length, file.content.size() - offset);
  file.content.replace(offset, length, std::string(length, '\0'));
}

Model Model::copy() const {
  std::map<const Node*, NodePtr> copies;
  std::function<NodePtr(const NodePtr&)> clone = [&](const NodePtr& node) {
    NodePtr& made = copies[node.get()];
    if (made != nullptr) return made;
    made = std::make_shared<Node>(*node);
    NodePtr result = made;
    for (auto& [name, child] : result->names) child = clone(child);
    return result;
  };
  Model out;
  out.root_ = clone(root_);
  return out;
}

}  // namespace walrusfs
