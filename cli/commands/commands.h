// One file per command; each adds itself to the command line and returns an exit status when it runs.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "cli/places.h"

namespace CLI {
class App;
}

namespace walrusfs::cli {

// What every command is given.
struct Context {
  Places places;
  bool json = false;  // print JSON on standard output
};

// Threads for work on the CPU alone, unless somebody says otherwise: one per core.
unsigned usual_threads();

using Command = std::function<Result<int>(const Context&)>;
// Set by the command line parser: the command that was chosen.
using Chosen = Command;

void add_format(CLI::App& app, Chosen& chosen);
void add_mount(CLI::App& app, Chosen& chosen);
void add_umount(CLI::App& app, Chosen& chosen);
void add_status(CLI::App& app, Chosen& chosen);
void add_sync(CLI::App& app, Chosen& chosen);
void add_info(CLI::App& app, Chosen& chosen);
void add_blob_id(CLI::App& app, Chosen& chosen);
void add_codec(CLI::App& app, Chosen& chosen);
void add_pack(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_localnet(CLI::App& app, Chosen& chosen);
void add_localnet_fault(CLI::App& localnet, Chosen& chosen);  // below `localnet`
void add_config(CLI::App& app, Chosen& chosen);
void add_version(CLI::App& app, Chosen& chosen);

}  // namespace walrusfs::cli
