// Random operations on the Vfs and on a model in memory, with the journal, power cuts, packs and their late
// adoption in between; compared again and again. A failure prints its seed; WALRUSFS_TEST_SEED repeats it.
#include <linux/falloc.h>
#include <sys/stat.h>

#include <cstdlib>
#include <set>

#include "base/rng.h"
#include "base/testing/faulty_files.h"
#include "tests/vfs/model.h"
#include "tests/vfs/test_volume.h"

namespace walrusfs {
namespace {

constexpr int kSteps = 3000;
constexpr uint64_t kLongestFile = 64 << 10;

class Machine {
 public:
  explicit Machine(uint64_t seed) : rng_(seed) {}

  void step() {
    switch (rng_.below(24)) {
      case 0: case 1: case 2: return make(false);
      case 3: return make(true);
      case 4: case 5: case 6: case 7: return write();
      case 8: return truncate();
      case 9: return punch();
      case 10: case 11: return remove();
      case 12: case 13: return rename();
      case 14: return link();
      case 15: return set_attributes();
      case 16: return set_xattr();
      case 17: return copy();
      case 18: return read();
      case 19: return fsync();
      case 20: return pack();
      case 21: return compare_names();
      case 22: return rng_.below(4) == 0 ? crash() : read();
      default: return rng_.below(6) == 0 ? compare_all() : write();
    }
  }

  void compare_all() {
    std::map<const Model::Node*, uint32_t> links;
    for (const std::string& path : model_.paths()) ++links[model_.at(path).get()];
    for (const std::string& path : model_.paths()) {
      const Model::NodePtr node = model_.at(path);
      const Attr attr = must(volume_.stat(path));
      ASSERT_EQ(S_ISDIR(attr.mode), node->is_folder) << path;
      ASSERT_EQ(attr.mode & 07777, node->mode) << path;
      ASSERT_EQ(must(volume_.fs().listxattr(attr.id)).size(), node->xattrs.size()) << path;
      for (const auto& [name, value] : node->xattrs)
        ASSERT_EQ(as_text(must(volume_.fs().getxattr(attr.id, name))), value) << path;
      if (node->is_folder) continue;
      ASSERT_EQ(attr.nlink, links[node.get()]) << path;
      ASSERT_EQ(attr.size, node->content.size()) << path;
      ASSERT_LE(attr.allocated_bytes, attr.size) << path;
      ASSERT_TRUE(volume_.read(attr.id) == node->content) << path << " differs";
    }
    compare_listing("");
    for (const std::string& path : model_.paths())
      if (model_.at(path)->is_folder) compare_listing(path);
  }

  void crash() {
    files_.power_cut();
    volume_.crash_and_reopen();
    model_ = journaled_.copy();
    compare_all();
    volume_.expect_sound();
    ASSERT_EQ(must(volume_.index().orphans()).size(), 0u);
  }

  // In the end nothing is left that nobody needs.
  void finish() {
    if (pending_) volume_.adopt(*pending_);
    volume_.publish();
    model_kept();
    compare_all();
    crash();
    ASSERT_EQ(volume_.staging_files(), 0u);
  }

 private:
  static TestVolume::Options options(FaultyFiles& files) {
    TestVolume::Options out;
    out.files = &files;
    out.vfs.max_clean_inodes = 1;  // as few as it lets us
    return out;
  }

  std::string random_name() { return std::string(1, static_cast<char>('a' + rng_.below(6))); }
  std::string random_path() {
    std::string path = random_name();
    for (uint64_t depth = rng_.below(4); depth > 0; --depth) path += "/" + random_name();
    return path;
  }
  std::string existing_path() {
    const std::vector<std::string> paths = model_.paths();
    if (paths.empty() || rng_.below(8) == 0) return random_path();
    return paths[rng_.below(paths.size())];
  }
  std::string random_bytes(uint64_t most) {
    return std::string(1 + rng_.below(most), static_cast<char>('A' + rng_.below(26)));
  }
  Model::NodePtr some_file(std::string& path) {
    for (int i = 0; i < 10; ++i) {
      path = existing_path();
      Model::NodePtr node = model_.at(path);
      if (node != nullptr && !node->is_folder) return node;
    }
    return nullptr;
  }
  // The folder of a path, or nothing when it is no folder.
  std::optional<InodeId> folder_id(const std::string& path) {
    const size_t slash = path.rfind('/');
    auto attr = volume_.stat(slash == std::string::npos ? "" : path.substr(0, slash));
    if (!attr.ok()) return std::nullopt;
    return attr->id;
  }
  void model_kept() { journaled_ = model_.copy(); }

  void make(bool is_folder) {
    const std::string path = random_path();
    const auto mode = static_cast<uint32_t>(rng_.below(01000));
    const bool expected = model_.make(path, is_folder, mode);
    const auto folder = folder_id(path);
    if (!folder) {
      ASSERT_FALSE(expected) << path;
      return;
    }
    const std::string name = Model::last_name(path);
    auto made = is_folder ? volume_.fs().mkdir(*folder, name, mode, {})
                          : volume_.fs().mknod(*folder, name, S_IFREG | mode, 0, {});
    ASSERT_EQ(made.ok(), expected) << path;
  }

  void write() {
    std::string path;
    Model::NodePtr node = some_file(path);
    if (node == nullptr) return;
    const uint64_t offset = rng_.below(kLongestFile);
    const std::string bytes = random_bytes(rng_.below(3) == 0 ? 20'000 : 300);
    volume_.write(path, offset, bytes);
    Model::write(*node, offset, bytes);
  }

  void truncate() {
    std::string path;
    Model::NodePtr node = some_file(path);
    if (node == nullptr) return;
    AttrChange change;
    change.size = rng_.below(3) == 0 ? 0 : rng_.below(kLongestFile);
    must(volume_.fs().setattr(volume_.find(path), change));
    node->content.resize(*change.size);
  }

  void punch() {
    std::string path;
    Model::NodePtr node = some_file(path);
    if (node == nullptr) return;
    const ByteRange range{rng_.below(kLongestFile), 1 + rng_.below(10'000)};
    must(volume_.fs().allocate(volume_.find(path), range, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE));
    Model::zero(*node, range.offset, range.length);
  }

  void remove() {
    const std::string path = existing_path();
    const bool is_folder = rng_.below(2) == 0;
    const auto folder = folder_id(path);
    const bool expected = model_.remove(path, is_folder);
    if (!folder) {
      ASSERT_FALSE(expected) << path;
      return;
    }
    const std::string name = Model::last_name(path);
    const Status done = is_folder ? volume_.fs().rmdir(*folder, name) : volume_.fs().unlink(*folder, name);
    ASSERT_EQ(done.ok(), expected) << path << (done.ok() ? "" : done.error().to_string());
  }

  void rename() {
    const std::string from = existing_path();
    const std::string to = rng_.below(2) == 0 ? existing_path() : random_path();
    const auto mode = static_cast<RenameMode>(rng_.below(3));
    const auto from_folder = folder_id(from);
    const auto to_folder = folder_id(to);
    const bool expected = model_.rename(from, to, mode);
    if (!from_folder || !to_folder) {
      ASSERT_FALSE(expected) << from << " to " << to;
      return;
    }
    const Status done =
        volume_.fs().rename(*from_folder, Model::last_name(from), *to_folder, Model::last_name(to), mode);
    ASSERT_EQ(done.ok(), expected) << from << " to " << to << (done.ok() ? "" : done.error().to_string());
  }

  void link() {
    const std::string from = existing_path();
    const std::string to = random_path();
    const auto id = volume_.stat(from);
    const auto folder = folder_id(to);
    const bool expected = model_.link(from, to);
    if (!id.ok() || !folder) {
      ASSERT_FALSE(expected) << from << " to " << to;
      return;
    }
    ASSERT_EQ(volume_.fs().link(id->id, *folder, Model::last_name(to)).ok(), expected) << from << " to " << to;
  }

  void set_attributes() {
    const std::string path = existing_path();
    Model::NodePtr node = model_.at(path);
    if (node == nullptr) return;
    AttrChange change;
    change.mode = static_cast<uint32_t>(rng_.below(01000));
    must(volume_.fs().setattr(volume_.find(path), change));
    node->mode = *change.mode;
  }

  void set_xattr() {
    const std::string path = existing_path();
    Model::NodePtr node = model_.at(path);
    if (node == nullptr) return;
    const std::string name = "user." + random_name();
    const std::string value = random_bytes(100);
    must(volume_.fs().setxattr(volume_.find(path), name, as_bytes(value), Vfs::XattrMode::kEither));
    node->xattrs[name] = value;
  }

  void copy() {
    std::string from, to;
    Model::NodePtr source = some_file(from);
    Model::NodePtr target = some_file(to);
    if (source == nullptr || target == nullptr || source == target) return;
    const uint64_t at = rng_.below(kLongestFile);
    const uint64_t length = 1 + rng_.below(20'000);
    const uint64_t to_at = rng_.below(kLongestFile);
    const uint64_t copied = must(volume_.fs().copy_range(volume_.find(from), at, volume_.find(to), to_at, length));
    const std::string bytes = at < source->content.size() ? source->content.substr(at, length) : "";
    ASSERT_EQ(copied, bytes.size());
    if (!bytes.empty()) Model::write(*target, to_at, bytes);
  }

  void read() {
    std::string path;
    Model::NodePtr node = some_file(path);
    if (node == nullptr) return;
    const uint64_t offset = rng_.below(kLongestFile);
    Bytes buffer(1 + rng_.below(10'000));
    const size_t got = must(volume_.fs().read(volume_.find(path), offset, buffer));
    const std::string expected = offset < node->content.size() ? node->content.substr(offset, buffer.size()) : "";
    ASSERT_TRUE(as_text(ByteView(buffer).first(got)) == expected) << path << " differs";
  }

  void fsync() {
    std::string path;
    if (some_file(path) == nullptr || rng_.below(3) == 0) {
      must(volume_.fs().journal_now());
    } else {
      const InodeId id = volume_.find(path);
      const bool changed = must(volume_.fs().state(id)) == FileState::kDirty;
      must(volume_.fs().fsync(id));
      if (!changed) return;  // nothing had to be journaled
    }
    model_kept();
  }

  // Adopted at once or some steps later, as after a slow upload.
  void pack() {
    if (pending_) {
      volume_.adopt(*pending_);
      pending_.reset();
      return;
    }
    pending_ = volume_.build_pack();
    model_kept();
    if (rng_.below(2) == 0) pack();
  }

  void compare_listing(const std::string& path) {
    std::set<std::string> expected;
    for (const auto& [name, node] : model_.at(path)->names) expected.insert(name);
    const std::vector<std::string> listed = volume_.names(path, 1 + rng_.below(5));
    ASSERT_EQ(std::set<std::string>(listed.begin(), listed.end()), expected) << path;
    ASSERT_EQ(listed.size(), expected.size()) << path;
  }
  void compare_names() {
    const std::string path = existing_path();
    Model::NodePtr node = model_.at(path);
    if (node != nullptr && node->is_folder) compare_listing(path);
  }

  SeededRng rng_;
  FaultyFiles files_{system_files()};
  TestVolume volume_{options(files_)};
  Model model_, journaled_;
  std::optional<TestVolume::Packed> pending_;
};

void run(uint64_t seed) {
  SCOPED_TRACE("WALRUSFS_TEST_SEED=" + std::to_string(seed));
  Machine machine(seed);
  for (int i = 0; i < kSteps; ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    machine.step();
    if (testing::Test::HasFatalFailure()) return;
  }
  machine.finish();
}

TEST(Random, OperationsAgreeWithTheModel) {
  if (const char* given = std::getenv("WALRUSFS_TEST_SEED")) return run(std::strtoull(given, nullptr, 10));
  for (uint64_t round = 0; round < 3 && !testing::Test::HasFatalFailure(); ++round) run(system_rng().next());
}

TEST(Random, OldSeedsStillPass) {
  for (uint64_t seed : {1, 2, 3}) run(seed);
}

}  // namespace
}  // namespace walrusfs
