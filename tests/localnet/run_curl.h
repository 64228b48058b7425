// The stock curl, as a stranger to our code.
#pragma once

#include <spawn.h>
#include <sys/wait.h>

#include <fstream>
#include <string>
#include <vector>

extern char** environ;

namespace walrusfs::localnet {

// The exit status of curl, and what it wrote.
inline int curl(std::vector<std::string> arguments, const std::string& output) {
  arguments.insert(arguments.begin(), {"curl", "--silent", "--max-time", "20", "--output", output});
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, "curl", nullptr, nullptr, argv.data(), environ) != 0) return -1;
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

inline std::string content_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace walrusfs::localnet
