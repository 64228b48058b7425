// What happened in a simulation, line by line: printed when asked for, and summed up, so that two runs can be compared.
#pragma once

#include <cstdio>
#include <string>

namespace walrusfs::sim {

class Trace {
 public:
  explicit Trace(bool print) : print_(print) {}

  void line(const std::string& text) {
    for (char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;  // FNV-1a
    hash_ = (hash_ ^ '\n') * 0x100000001b3u;
    if (print_) std::printf("%s\n", text.c_str());
  }
  uint64_t hash() const { return hash_; }

 private:
  const bool print_;
  uint64_t hash_ = 0xcbf29ce484222325u;
};

}  // namespace walrusfs::sim
