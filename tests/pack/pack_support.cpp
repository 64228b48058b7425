#include "tests/pack/pack_support.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "base/fd.h"

namespace walrusfs::pack::testing {
namespace {

constexpr int kExecFailed = 127;
constexpr int kPatienceMs = 60'000;

[[noreturn]] void exec(const std::vector<std::string>& arguments) {
  std::vector<char*> raw_arguments;
  for (const std::string& argument : arguments) raw_arguments.push_back(const_cast<char*>(argument.c_str()));
  raw_arguments.push_back(nullptr);
  setenv("LC_ALL", "C", 1);
  setenv("TERM", "dumb", 1);
  execvp(raw_arguments[0], raw_arguments.data());
  _exit(kExecFailed);
}

struct Pipe {
  Fd read, write;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    read = Fd(ends[0]);
    write = Fd(ends[1]);
  }
};

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// Appends what is there; false at the end.
bool drain(int fd, Bytes& out) {
  uint8_t buffer[65536];
  ssize_t count = ::read(fd, buffer, sizeof buffer);
  if (count <= 0) return false;
  append(out, ByteView(buffer, static_cast<size_t>(count)));
  return true;
}

}  // namespace

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "walrusfs-pack-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::folder(const std::string& name) const {
  std::filesystem::create_directories(path_ / name);
  return (path_ / name).string();
}

std::string TempFolder::write(const std::string& name, ByteView bytes) const {
  std::ofstream(path_ / name, std::ios::binary) << as_text(bytes);
  return (path_ / name).string();
}

Outcome run(const std::vector<std::string>& arguments, ByteView input) {
  Pipe in, out, err;
  pid_t pid = fork();
  if (pid == 0) {
    dup2(in.read.get(), 0);
    dup2(out.write.get(), 1);
    dup2(err.write.get(), 2);
    exec(arguments);
  }
  in.read.reset();
  out.write.reset();
  err.write.reset();
  signal(SIGPIPE, SIG_IGN);
  fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  Outcome result;
  Bytes err_bytes;
  if (input.empty()) in.write.reset();
  while (out.read.valid() || err.read.valid()) {
    pollfd waits[3] = {{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}, {in.write.get(), POLLOUT, 0}};
    if (poll(waits, 3, kPatienceMs) <= 0) break;
    if (waits[0].revents != 0 && !drain(out.read.get(), result.out)) out.read.reset();
    if (waits[1].revents != 0 && !drain(err.read.get(), err_bytes)) err.read.reset();
    if (waits[2].revents == 0) continue;
    ssize_t count = ::write(in.write.get(), input.data(), input.size());
    if (count > 0) input = input.subspan(static_cast<size_t>(count));
    if (count < 0 || input.empty()) in.write.reset();
  }
  in.write.reset();
  result.err = as_text(err_bytes);
  result.exit_code = wait_for(pid);
  return result;
}

Outcome run_on_terminal(const std::vector<std::string>& arguments, const std::vector<std::string>& lines) {
  int terminal = -1;
  pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) exec(arguments);
  Fd fd(terminal);
  Outcome result;
  size_t typed = 0, prompts_seen = 0;
  for (;;) {
    pollfd wait{fd.get(), POLLIN, 0};
    if (poll(&wait, 1, kPatienceMs) <= 0 || !drain(fd.get(), result.out)) break;
    // age asks "Enter passphrase ...: " and "Confirm passphrase: ".
    std::string_view printed = as_text(result.out);
    size_t prompt = printed.find("passphrase", prompts_seen);
    if (prompt == printed.npos || printed.find(": ", prompt) == printed.npos || typed == lines.size()) continue;
    prompts_seen = printed.find(": ", prompt) + 2;
    std::string line = lines[typed++] + "\n";
    if (::write(fd.get(), line.data(), line.size()) < 0) break;
  }
  result.exit_code = wait_for(pid);
  return result;
}

Bytes read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  return to_bytes(as_bytes(text));
}

Bytes random_bytes(size_t count, uint64_t seed) {
  Bytes bytes(count);
  SeededRng(seed).fill(bytes);
  return bytes;
}

Bytes prose(size_t count) {
  std::string text;
  for (uint64_t line = 0; text.size() < count; ++line)
    text += "The walrus and the carpenter, verse " + std::to_string(line * line % 9973) + "\n";
  text.resize(count);
  return to_bytes(as_bytes(text));
}

Item of_type(const std::string& path, MemberType type, uint32_t mode) {
  Item item;
  item.member.path = path;
  item.member.type = type;
  item.member.mode = mode;
  item.member.mtime = kTestTime;
  return item;
}

Item file(const std::string& path, Bytes content) {
  Item item = of_type(path, MemberType::kFile);
  item.member.size = content.size();
  item.content = std::move(content);
  return item;
}

Item link_to(const std::string& path, MemberType type, const std::string& target) {
  Item item = of_type(path, type, 0777);
  item.member.link_target = target;
  return item;
}

std::vector<Item> every_kind() {
  std::vector<Item> items;
  items.push_back(of_type("folder", MemberType::kDirectory, 01755));
  items.push_back(file("folder/plain.txt", prose(3000)));
  items.back().member.atime = Timestamp{1'500'000'000'000'000'001};
  items.back().member.ctime = Timestamp{1'600'000'000'500'000'000};
  items.back().member.mtime = Timestamp{1'650'000'000'123'456'789};
  items.back().member.uid = 4'000'000'000;
  items.back().member.gid = 3'000'000'000;
  items.back().member.mode = 04751;
  items.back().member.comment = "path=folder/plain.txt";
  items.push_back(file("empty", {}));
  items.push_back(file("before 1970", prose(5)));
  items.back().member.mtime = Timestamp{-1'500'000'000};
  items.push_back(file("\xff\xfe not utf-8 \n\t\"'\\ \x01", prose(700)));
  items.push_back(file("Größe/日本語", prose(10)));
  items.push_back(file("name255/" + std::string(255, 'n'), prose(10)));
  std::string deep = "deep";
  for (int level = 0; level < 12; ++level) deep += "/" + std::string(250, static_cast<char>('a' + level));
  items.push_back(file(deep, prose(20)));
  items.push_back(link_to("symlink", MemberType::kSymlink, "folder/plain.txt"));
  items.push_back(link_to("symlink nowhere", MemberType::kSymlink, "/../\xfe" + std::string(3000, 't')));
  items.push_back(link_to("hard link", MemberType::kHardLink, "folder/plain.txt"));
  items.push_back(link_to("deep hard link", MemberType::kHardLink, deep));
  items.push_back(of_type("fifo", MemberType::kFifo, 0600));
  items.push_back(of_type("char device", MemberType::kCharDevice, 0620));
  items.back().member.device_major = 4095;
  items.back().member.device_minor = 1'048'575;
  items.push_back(of_type("block device", MemberType::kBlockDevice, 0660));
  items.back().member.device_major = 8;
  items.back().member.device_minor = 17;
  items.push_back(file("attributes", prose(100)));
  items.back().member.xattrs = {{"user.binary", random_bytes(2000, 3)}, {"user.empty", {}}, {"user.odd=%name", {'1'}}};
  items.push_back(file("sparse", random_bytes(12'000, 4)));
  items.back().member.size = 3'000'000;
  items.back().member.data_ranges = {{8192, 4096}, {1'000'000, 7'000}, {2'000'000, 904}};
  items.push_back(file("sparse to the end \xc3", random_bytes(100, 5)));
  items.back().member.size = 70'000;
  items.back().member.data_ranges = {{0, 10}, {69'910, 90}};
  items.push_back(file("all hole", {}));
  items.back().member.size = 1 << 20;
  items.back().member.data_ranges = std::vector<ByteRange>{};
  items.push_back(file("big random", random_bytes(3'500'000, 6)));
  items.push_back(file("big prose", prose(2'500'001)));
  return items;
}

Bytes with_holes(const Item& item) {
  if (!item.member.data_ranges) return item.content;
  Bytes out(item.member.size);
  size_t at = 0;
  for (ByteRange range : *item.member.data_ranges) {
    std::copy_n(item.content.begin() + static_cast<ptrdiff_t>(at), range.length,
                out.begin() + static_cast<ptrdiff_t>(range.offset));
    at += range.length;
  }
  return out;
}

Item as_read(const Item& item) {
  if (!item.member.data_ranges) return item;
  Item out = item;
  Bytes whole = with_holes(item);
  std::vector<bool> has_data((item.member.size + 511) / 512);
  for (ByteRange range : *item.member.data_ranges) {
    for (uint64_t block = range.offset / 512; block * 512 < range.end(); ++block) has_data[block] = true;
  }
  out.content.clear();
  out.member.data_ranges->clear();
  for (size_t block = 0; block < has_data.size(); ++block) {
    if (!has_data[block]) continue;
    ByteRange range{block * 512, std::min<uint64_t>(512, item.member.size - block * 512)};
    append(out.content, ByteView(whole).subspan(range.offset, range.length));
    auto& ranges = *out.member.data_ranges;
    if (!ranges.empty() && ranges.back().end() == range.offset)
      ranges.back().length += range.length;
    else
      ranges.push_back(range);
  }
  return out;
}

Built build(const std::vector<Item>& items, const PackOptions& options, const std::string& changes, uint64_t seed) {
  MemorySink sink;
  SeededRng rng(seed);
  auto writer = must(PackWriter::create(sink, options, rng));
  Built built;
  for (const Item& item : items) {
    built.t_offsets.push_back(must(writer->begin_member(item.member)));
    // In pieces, so that no size matches a frame or chunk by accident.
    for (size_t at = 0; at < item.content.size(); at += 77'777) {
      must(writer->write(ByteView(item.content).subspan(at, std::min<size_t>(77'777, item.content.size() - at))));
    }
    must(writer->end_member());
  }
  built.summary = must(writer->finish(changes, kTestTime));
  built.blob = sink.take();
  return built;
}

AgeIdentity test_identity() {
  SeededRng rng(42);
  return AgeIdentity::generate(rng);
}

PackOptions encrypted_options() {
  PackOptions options;
  options.recipient = test_identity().recipient();
  return options;
}

}  // namespace walrusfs::pack::testing
