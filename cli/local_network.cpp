#include "cli/local_network.h"

#include <fmt/format.h>
#include <signal.h>

#include <cerrno>

#include "base/log.h"
#include "base/rng.h"
#include "cli/background.h"
#include "localnet/localnet.h"

namespace walrusfs::cli {
namespace {

constexpr Millis kStopPatience{30'000};
constexpr Millis kLook{50};

Result<LocalNetworkState> running_network(Files& files, const std::string& folder) {
  WFS_ASSIGN(const localnet::LocalnetState found, localnet::load_running(files, folder));
  LocalNetworkState state;
  state.pid = static_cast<int>(found.pid);
  state.shards = found.shards;
  state.max_body_bytes = found.max_body_bytes;
  state.aggregator_url = found.aggregator_url;
  state.publisher_url = found.publisher_url;
  return state;
}

localnet::LocalnetConfig to_config(const LocalNetworkOptions& options) {
  localnet::LocalnetConfig config;
  config.folder = options.folder;
  config.nodes = options.nodes;
  config.shards = options.shards;
  config.max_body_bytes = options.max_body_bytes;
  return config;
}

}  // namespace

Result<LocalNetworkState> local_network_state(Files& files, const std::string& folder) {
  WFS_ASSIGN(LocalNetworkState state, running_network(files, folder));
  WFS_ASSIGN(state.json, localnet::fetch_status_json(files, folder));
  return state;
}

Result<LocalNetworkState> ensure_local_network(Files& files, const LocalNetworkOptions& options) {
  if (auto state = local_network_state(files, options.folder); state.ok() || state.error().code() != Code::kNotFound) return state;
  WFS_TRY(files.make_directories(options.folder));
  auto started = run_in_background(options.folder + "/localnet.log", [&](const std::function<void()>& on_ready) {
    return serve_local_network(options, on_ready);
  });
  // Two mounts may start it at the same moment: the lock lets one through, the other finds it running.
  for (int tries = 0; !started.ok() && started.error().code() == Code::kBusy && tries < 100; ++tries) {
    system_clock().sleep_for(kLook);
    if (auto state = local_network_state(files, options.folder); state.ok()) return state;
  }
  if (!started.ok()) return started.error().with_context("the local network did not start");
  return local_network_state(files, options.folder);
}

Status stop_local_network(Files& files, Clock& clock, const std::string& folder) {
  WFS_ASSIGN(const LocalNetworkState state, local_network_state(files, folder));
  if (kill(state.pid, SIGTERM) != 0) return error_from_errno(errno, fmt::format("stop process {}", state.pid));
  const Deadline deadline = clock.in(kStopPatience);
  while (!clock.passed(deadline)) {
    if (kill(state.pid, 0) != 0 && errno == ESRCH) return {};
    clock.sleep_for(kLook);
  }
  return Error(Code::kTimeout, fmt::format("process {} of the local network does not end", state.pid));
}

Status serve_local_network(const LocalNetworkOptions& options, const std::function<void()>& on_ready) {
  return localnet::serve_until_signalled(to_config(options), {system_files(), system_clock(), system_rng()},
                                         [&](const localnet::Localnet& network) {
                                           const auto state = network.state();
                                           log_info("the local network runs: aggregator {}, publisher {}", state.aggregator_url,
                                                    state.publisher_url);
                                           on_ready();
                                         });
}

Status control_local_node(Files& files, const std::string& folder, size_t node, bool run) {
  return localnet::control_node(files, folder, node, run ? "start" : "stop");
}

}  // namespace walrusfs::cli
