#include "cli/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <filesystem>
#include <functional>

#include "base/limits.h"
#include "cli/quantity.h"

namespace walrusfs::cli {
namespace {

// Room for a pack beside the bytes that it is made of.
constexpr uint64_t kSmallestSpoolBytes = 4 * limits::kMiB;

using Setter = std::function<Status(Config&, const toml::node&)>;

struct Key {
  std::string section;
  std::string name;
  Setter set;
};

Error wrong_type(std::string_view wanted) { return Error(Code::kInvalidArgument, fmt::format("must be {}", wanted)); }

Setter text(std::string NetworkConfig::*field) {
  return [field](Config& config, const toml::node& node) -> Status {
    auto value = node.value<std::string>();
    if (!node.is_string()) return wrong_type("a text in quotes");
    config.network.*field = *value;
    return {};
  };
}

template <typename Int>
Setter number(std::function<Int&(Config&)> field, int64_t low, int64_t high) {
  return [=](Config& config, const toml::node& node) -> Status {
    if (!node.is_integer()) return wrong_type("a whole number");
    const int64_t value = *node.value<int64_t>();
    if (value < low || value > high) return wrong_type(fmt::format("from {} to {}", low, high));
    field(config) = static_cast<Int>(value);
    return {};
  };
}

Setter flag(bool Config::*field) {
  return [field](Config& config, const toml::node& node) -> Status {
    if (!node.is_boolean()) return wrong_type("true or false");
    config.*field = *node.value<bool>();
    return {};
  };
}

Setter bytes(uint64_t least, std::function<void(Config&, uint64_t)> put) {
  return [least, put = std::move(put)](Config& config, const toml::node& node) -> Status {
    uint64_t value = 0;
    if (node.is_integer() && *node.value<int64_t>() >= 0) {
      value = static_cast<uint64_t>(*node.value<int64_t>());
    } else if (node.is_string()) {
      WFS_ASSIGN(value, parse_bytes(*node.value<std::string>()));
    } else {
      return wrong_type("a size like \"64MiB\"");
    }
    if (value < least) return wrong_type("at least " + format_bytes(least));
    put(config, value);
    return {};
  };
}

Setter duration(std::function<void(Config&, Millis)> put) {
  return [put = std::move(put)](Config& config, const toml::node& node) -> Status {
    if (!node.is_string()) return wrong_type("a time like \"30s\"");
    WFS_ASSIGN(Millis value, parse_duration(*node.value<std::string>()));
    put(config, value);
    return {};
  };
}

// ---- of the local network's services

using Services = LocalServicesConfig;

Setter service_text(std::string Services::*field) {
  return [field](Config& config, const toml::node& node) -> Status {
    if (!node.is_string()) return wrong_type("a text in quotes");
    config.localnet_services.*field = *node.value<std::string>();
    return {};
  };
}

Setter service_flag(bool Services::*field) {
  return [field](Config& config, const toml::node& node) -> Status {
    if (!node.is_boolean()) return wrong_type("true or false");
    config.localnet_services.*field = *node.value<bool>();
    return {};
  };
}

Setter service_bytes(uint64_t least, uint64_t Services::*field) {
  return bytes(least, [field](Config& config, uint64_t value) { config.localnet_services.*field = value; });
}

Setter service_duration(Millis Services::*field) {
  return duration([field](Config& config, Millis value) { config.localnet_services.*field = value; });
}

Setter service_number(uint64_t Services::*field) {
  const auto place = [field](Config& config) -> uint64_t& { return config.localnet_services.*field; };
  return number<uint64_t>(place, 0, INT64_MAX);
}

Status set_backend(Config& config, const toml::node& node) {
  const auto value = node.value<std::string>().value_or("");
  if (value == "local") {
    config.network.backend = Backend::kLocal;
  } else if (value == "http") {
    config.network.backend = Backend::kHttp;
  } else {
    return wrong_type("\"local\" or \"http\"");
  }
  return {};
}

Status set_aggregators(Config& config, const toml::node& node) {
  const toml::array* list = node.as_array();
  if (list == nullptr) return wrong_type("a list of URLs");
  config.network.aggregators.clear();
  for (const toml::node& item : *list) {
    if (!item.is_string()) return wrong_type("a list of URLs");
    config.network.aggregators.push_back(*item.value<std::string>());
  }
  return {};
}

Status set_epochs(Config& config, const toml::node& node) {
  // Networks sell at most 53 epochs ahead.
  WFS_TRY(number<uint32_t>([](Config& c) -> uint32_t& { return c.network.epochs; }, 1, 53)(config, node));
  config.epochs_set = true;
  return {};
}

const std::vector<Key>& known_keys() {
  static const std::vector<Key> keys = {
      {"network", "backend", set_backend},
      {"network", "aggregators", set_aggregators},
      {"network", "publisher", text(&NetworkConfig::publisher)},
      {"network", "token", text(&NetworkConfig::token)},
      {"network", "token_command", text(&NetworkConfig::token_command)},
      {"network", "token_secret", text(&NetworkConfig::token_secret)},
      {"network", "send_object_to", text(&NetworkConfig::send_object_to)},
      {"network", "shards", number<uint32_t>([](Config& c) -> uint32_t& { return c.network.shards; }, 4, 49'155)},
      {"network", "epochs", set_epochs},
      {"pack", "size", bytes(limits::kSmallestPackBytes, [](Config& c, uint64_t v) { c.pack_bytes = v; })},
      {"pack", "max_age", duration([](Config& c, Millis v) { c.pack_max_age = v; })},
      {"pack", "compression", number<int>([](Config& c) -> int& { return c.compression_level; }, 1, 19)},
      {"journal", "interval", duration([](Config& c, Millis v) { c.journal_interval = v; })},
      {"spool", "size", bytes(kSmallestSpoolBytes, [](Config& c, uint64_t v) { c.spool_bytes = v; })},
      {"cache", "size", bytes(0, [](Config& c, uint64_t v) { c.cache_bytes = v; })},
      {"cache", "memory", bytes(0, [](Config& c, uint64_t v) { c.cache_memory_bytes = v; })},
      {"mount", "read_ahead", bytes(0, [](Config& c, uint64_t v) { c.read_ahead_bytes = v; })},
      {"mount", "threads", number<unsigned>([](Config& c) -> unsigned& { return c.threads; }, 1, 64)},
      {"mount", "allow_other", flag(&Config::allow_other)},
      {"localnet", "nodes",
       number<uint32_t>([](Config& c) -> uint32_t& { return c.localnet_nodes; }, kFewestLocalNodes, kMostLocalNodes)},
      {"localnet", "shards",
       number<uint32_t>([](Config& c) -> uint32_t& { return c.localnet_shards; }, kFewestLocalShards,
                        kMostLocalShards)},
      {"localnet", "epoch_seconds",
       number<uint32_t>([](Config& c) -> uint32_t& { return c.localnet_epoch_seconds; }, 0, 31'536'000)},
      {"localnet", "stop_with_mount", flag(&Config::localnet_stop_with_mount)},
      {"localnet", "jwt_secret", service_text(&Services::jwt_secret)},
      {"localnet", "jwt_algorithm", service_text(&Services::jwt_algorithm)},
      {"localnet", "jwt_window", service_duration(&Services::jwt_window)},
      {"localnet", "jwt_verify_upload", service_flag(&Services::jwt_verify_upload)},
      {"localnet", "max_quilt", service_bytes(1, &Services::max_quilt_bytes)},
      {"localnet", "aggregator_max_blob", service_bytes(0, &Services::aggregator_max_blob_bytes)},
      {"localnet", "aggregator_keep_404", service_duration(&Services::aggregator_keep_404)},
      {"localnet", "aggregator_all_quilt_tags", service_flag(&Services::aggregator_all_quilt_tags)},
      {"localnet", "relay_tip_address", service_text(&Services::relay_tip_address)},
      {"localnet", "relay_tip", service_number(&Services::relay_tip)},
      {"localnet", "relay_tip_per_kib", service_number(&Services::relay_tip_per_kib)},
      {"localnet", "relay_freshness", service_duration(&Services::relay_freshness)},
      {"localnet", "node_tls", service_flag(&Services::node_tls)},
  };
  return keys;
}

const Key* find_key(std::string_view section, std::string_view name) {
  for (const Key& key : known_keys()) {
    if (key.section == section && key.name == name) return &key;
  }
  return nullptr;
}

std::string names_in(std::string_view section) {
  std::vector<std::string> names;
  for (const Key& key : known_keys()) {
    if (key.section == section) names.push_back(key.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

Error at_line(const std::string& path, const toml::source_region& source, std::string_view message) {
  return Error(Code::kInvalidArgument, fmt::format("{}:{}: {}", path, source.begin.line, message));
}

Status apply_section(const std::string& path, std::string_view section, const toml::table& table, Config& config) {
  for (auto&& [name, node] : table) {
    const Key* key = find_key(section, name.str());
    if (key == nullptr) {
      return at_line(path, name.source(),
                     fmt::format("unknown key '{}' in [{}]; known are: {}", name.str(), section, names_in(section)));
    }
    if (auto set = key->set(config, node); !set.ok()) {
      return at_line(path, node.source(), fmt::format("{} {}", name.str(), set.error().message()));
    }
  }
  return {};
}

Status apply(const std::string& path, const toml::table& root, Config& config) {
  for (auto&& [section, node] : root) {
    const toml::table* table = node.as_table();
    if (table == nullptr || names_in(section.str()).empty()) {
      return at_line(
          path, section.source(),
          fmt::format("unknown section '{}'; known are: network, pack, journal, spool, cache, mount, localnet",
                      section.str()));
    }
    WFS_TRY(apply_section(path, section.str(), *table, config));
  }
  return {};
}

std::string quoted(const std::string& value) {
  return fmt::format("{}", (std::ostringstream() << toml::value(value)).str());
}

// A line that sets the key, or a comment that says what holds without it.
std::string line(std::string_view key, const std::optional<uint64_t>& value, std::string_view otherwise) {
  return value ? fmt::format("{} = {}\n", key, *value) : fmt::format("# {}: by default {}\n", key, otherwise);
}

std::string print_services(const Services& services) {
  std::string out = services.jwt_secret.empty() ? "" : "# a jwt_secret is set\n";
  out += fmt::format("jwt_algorithm = {}\njwt_window = \"{}ms\"\njwt_verify_upload = {}\nmax_quilt = {}\n",
                     quoted(services.jwt_algorithm), services.jwt_window.count(), services.jwt_verify_upload,
                     services.max_quilt_bytes);
  out += fmt::format("aggregator_max_blob = {}\naggregator_keep_404 = \"{}ms\"\naggregator_all_quilt_tags = {}\n",
                     services.aggregator_max_blob_bytes, services.aggregator_keep_404.count(),
                     services.aggregator_all_quilt_tags);
  out += fmt::format("relay_tip_address = {}\nrelay_tip = {}\nrelay_tip_per_kib = {}\nrelay_freshness = \"{}ms\"\n",
                     quoted(services.relay_tip_address), services.relay_tip, services.relay_tip_per_kib,
                     services.relay_freshness.count());
  return out + fmt::format("node_tls = {}\n", services.node_tls);
}

}  // namespace

Result<Config> load_config(const std::string& path, Config base) {
  // Only a file that is not there counts as none: settings that cannot be read must not silently go away.
  std::error_code failed;
  const auto kind = std::filesystem::status(path, failed).type();
  if (kind == std::filesystem::file_type::not_found) return base;
  if (failed) return error_from_errno(failed.value(), path);
  if (kind != std::filesystem::file_type::regular)
    return Error(Code::kInvalidArgument, path + " is not a regular file");
  try {
    const toml::table root = toml::parse_file(path);
    WFS_TRY(apply(path, root, base));
  } catch (const toml::parse_error& wrong) {
    return at_line(path, wrong.source(), std::string(wrong.description()));
  }
  return base;
}

std::string print_config(const Config& config) {
  const bool local = config.network.backend == Backend::kLocal;
  std::vector<std::string> aggregators;
  for (const std::string& url : config.network.aggregators) aggregators.push_back(quoted(url));
  std::string out = fmt::format("[network]\nbackend = \"{}\"\n", local ? "local" : "http");
  out += fmt::format("aggregators = [{}]\npublisher = {}\n", fmt::join(aggregators, ", "),
                     quoted(config.network.publisher));
  out += fmt::format("send_object_to = {}\n", quoted(config.network.send_object_to));
  // The local network says itself how many shards it has, and sells epochs for nothing.
  out += local ? "# shards: those of the local network\n" : fmt::format("shards = {}\n", config.network.shards);
  out +=
      local && !config.epochs_set ? "# epochs: by default 10\n" : fmt::format("epochs = {}\n", config.network.epochs);
  if (!config.network.token.empty() || !config.network.token_secret.empty()) out += "# a token or secret is set\n";
  if (!config.network.token_command.empty())
    out += fmt::format("token_command = {}\n", quoted(config.network.token_command));
  out += "\n[pack]\n" + line("size", config.pack_bytes, local ? "256MiB" : "8MiB");
  out += config.pack_max_age ? fmt::format("max_age = \"{}ms\"\n", config.pack_max_age->count())
                             : fmt::format("# max_age: by default {}\n", local ? "30s" : "1h");
  out += fmt::format("compression = {}\n", config.compression_level);
  out += fmt::format("\n[journal]\ninterval = \"{}ms\"\n", config.journal_interval.count());
  out += "\n[spool]\n" + line("size", config.spool_bytes, "20 % of the free disk, at most 64 GiB");
  out += "\n[cache]\n" + line("size", config.cache_bytes, "10 % of the free disk, at most 32 GiB");
  out += fmt::format("memory = {}\n", config.cache_memory_bytes);
  out += "\n[mount]\n" + line("read_ahead", config.read_ahead_bytes, local ? "16MiB" : "32MiB");
  out += fmt::format("threads = {}\nallow_other = {}\n", config.threads, config.allow_other);
  out += fmt::format("\n[localnet]\nnodes = {}\nshards = {}\nepoch_seconds = {}\nstop_with_mount = {}\n",
                     config.localnet_nodes, config.localnet_shards, config.localnet_epoch_seconds,
                     config.localnet_stop_with_mount);
  return out + print_services(config.localnet_services);
}

}  // namespace walrusfs::cli
