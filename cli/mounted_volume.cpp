#include "cli/mounted_volume.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "cache/frame_cache.h"
#include "cache/spool.h"
#include "cli/control.h"
#include "cli/local_network.h"
#include "cli/pack_list.h"
#include "cli/quantity.h"
#include "cli/threads.h"
#include "fs/fuse/mount.h"
#include "fs/io/committer.h"
#include "fs/io/content_reader.h"
#include "fs/io/held_spool.h"
#include "fs/io/recovery.h"
#include "fs/vfs/vfs.h"

namespace walrusfs::cli {
namespace {

using nlohmann::json;

constexpr size_t kPrefetchThreads = 2;
constexpr size_t kPrefetchQueue = 64;
constexpr unsigned kMostEncodeThreads = 8;  // each needs a megabyte; few disks bring more bytes than these take
constexpr uint64_t kSpoolReserveBytes = 64 * limits::kMiB;
constexpr Millis kProgressInterval{500};

// A share of the free disk, at most `most`: the defaults of spool and cache.
Result<uint64_t> share_of_disk(Files& files, const std::string& folder, unsigned percent, uint64_t most) {
  WFS_TRY(files.make_directories(folder));
  WFS_ASSIGN(DiskSpace space, files.space(folder));
  return std::min(space.free_bytes / 100 * percent, most);
}

json upload_report(const CommitterStatus& now) {
  return {{"doing", now.doing},
          {"pending_bytes", now.pending_bytes},
          {"packed_bytes", now.progress.packed},
          {"uploaded_bytes", now.progress.uploaded},
          {"checked_bytes", now.progress.checked},
          {"certified_bytes", now.progress.certified},
          {"packs_stored", now.packs_stored},
          {"bytes_stored", now.bytes_stored},
          {"failures_in_a_row", now.failures_in_a_row},
          {"last_error", now.last_error}};
}

class MountedVolume {
 public:
  explicit MountedVolume(const MountRequest& request)
      : request_(request), files_(system_files()), clock_(system_clock()), rng_(system_rng()) {}

  Status run(SignalThread& signals, const std::function<void()>& on_ready) {
    WFS_TRY(open_storage());
    WFS_TRY(open_tree());
    WFS_TRY(open_door());
    signals.on_signal([this](int) {
      if (auto done = mount_->stop(true); !done.ok()) log_warn("{}", done.error().message());
    });
    start_threads();
    on_ready();
    const Status served = mount_->serve();
    signals.on_signal({});
    WFS_TRY(shut_down());
    return served;
  }

 private:
  Status open_storage();
  Status open_keys();
  Status open_tree();
  Status open_door();
  void start_threads();
  Status shut_down();
  Result<CommitterOptions> committer_options();
  Status open_pack_list();
  Result<SpoolOptions> spool_options();

  Result<json> handle(const json& request, const SendEvent& send);
  Result<json> status_report();
  Result<json> sync(const json& request, const SendEvent& send);
  Status wait_published(const SendEvent& send, Deadline deadline);
  // The kernel's dirty pages, then the journal.
  Status journal_everything();

  const MountRequest& request_;
  Files& files_;
  Clock& clock_;
  Rng& rng_;

  // In the order in which they lean on each other.
  std::unique_ptr<Index> index_;
  std::optional<pack::AgeIdentity> identity_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Spool> disk_spool_;
  std::unique_ptr<HeldSpool> spool_;
  std::unique_ptr<FrameCache> cache_;
  std::unique_ptr<WorkerPool> prefetchers_;
  std::unique_ptr<FrameReader> frames_;
  std::unique_ptr<ContentReader> content_;
  std::unique_ptr<Vfs> vfs_;
  std::unique_ptr<PackList> pack_list_;  // null: nothing is uploaded
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Mount> mount_;
  std::unique_ptr<StepThread> journal_thread_;
  std::unique_ptr<StepThread> flush_thread_;
  std::unique_ptr<StepThread> committer_thread_;
  std::unique_ptr<ControlServer> control_;
};

Status MountedVolume::open_storage() {
  const Volume& volume = request_.volume;
  WFS_ASSIGN(index_, open_index(volume));
  WFS_TRY(open_keys());
  WFS_ASSIGN(network_, connect_network(files_, clock_, rng_, request_.places, volume.config));
  WFS_ASSIGN(const SpoolOptions spool, spool_options());
  WFS_ASSIGN(disk_spool_, Spool::open(files_, spool));
  spool_ = std::make_unique<HeldSpool>(*disk_spool_);
  FrameCacheOptions cache{.folder = request_.places.frames(volume.name),
                          .memory_bytes = volume.config.cache_memory_bytes};
  WFS_ASSIGN(const uint64_t cache_share, share_of_disk(files_, cache.folder, 10, 32 * limits::kGiB));
  cache.bound_bytes = volume.config.cache_bytes.value_or(cache_share);
  WFS_ASSIGN(cache_, FrameCache::open(files_, cache));
  return {};
}

// A key that is not this volume's must be noticed before anything is written with it.
Status MountedVolume::open_keys() {
  WFS_ASSIGN(auto recipient, index_->setting("recipient"));
  if (!recipient) return Error(Code::kCorrupt, "the index does not say whether the volume is encrypted");
  if (*recipient == "public") return {};
  WFS_ASSIGN(identity_, load_key(files_, request_.volume, request_.ask_passphrase));
  if (identity_->recipient().to_string() != *recipient) {
    return Error(Code::kWrongKey, fmt::format("the key in {} is not the key of volume '{}', whose recipient is {}",
                                              request_.volume.folder, request_.volume.name, *recipient));
  }
  return {};
}

Result<SpoolOptions> MountedVolume::spool_options() {
  SpoolOptions options{.folder = request_.volume.spool_path(), .reserve_bytes = kSpoolReserveBytes};
  WFS_ASSIGN(const uint64_t share, share_of_disk(files_, options.folder, 20, 64 * limits::kGiB));
  options.bound_bytes = request_.volume.config.spool_bytes.value_or(share);
  WFS_ASSIGN(const Counters counters, index_->counters());
  options.first_staging_id = counters.next_staging;
  return options;
}

Status MountedVolume::open_tree() {
  WFS_ASSIGN(const RecoveryReport report, recover(*index_, *spool_));
  for (const std::string& message : report.messages) log_warn("{}", message);
  prefetchers_ = std::make_unique<WorkerPool>(kPrefetchThreads, kPrefetchQueue);
  frames_ = std::make_unique<FrameReader>(FrameReader::World{*index_, *cache_, network_->store()}, identity_);
  content_ = ContentReader::make(*spool_, *frames_, clock_, {.run_later = [this](std::function<void()> job) {
    return prefetchers_->post(std::move(job));
  }});
  VfsOptions options{.journal_interval = request_.volume.config.journal_interval,
                     .read_ahead_bytes = network_->read_ahead_bytes,
                     .read_only = request_.read_only};
  WFS_ASSIGN(vfs_, Vfs::open({*index_, *spool_, *content_, clock_}, options));
  if (!request_.read_only) WFS_TRY(open_pack_list());
  WFS_ASSIGN(const CommitterOptions committing, committer_options());
  WFS_ASSIGN(committer_,
             Committer::make({*index_, *spool_, network_->store(), *vfs_, files_, clock_, rng_}, committing));
  return {};
}

Result<CommitterOptions> MountedVolume::committer_options() {
  CommitterOptions options;
  WFS_ASSIGN(const auto volume_id, index_->setting("volume_id"));
  if (!volume_id) return Error(Code::kCorrupt, "the index does not name its volume");
  options.volume_id = *volume_id;
  options.pack_bytes = network_->pack_bytes;
  options.max_age = network_->pack_max_age;
  options.epochs = network_->epochs;
  options.shards = network_->shards;
  options.compression_level = request_.volume.config.compression_level;
  options.encode_threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMostEncodeThreads);
  if (identity_) options.recipient = identity_->recipient();
  options.on_certified = [this](const PackRow& pack) {
    if (!pack_list_) return;
    if (Status added = pack_list_->add(pack); !added.ok())
      log_warn("the list of packs lacks pack {} until the next mount: {}", raw(pack.id), added.error().message());
  };
  return options;
}

Status MountedVolume::open_pack_list() {
  WFS_ASSIGN(const std::vector<PackRow> certified, index_->packs(PackState::kCertified));
  WFS_ASSIGN(pack_list_, PackList::open(files_, request_.volume.pack_list_path(), certified));
  return {};
}

Status MountedVolume::open_door() {
  const MountOptions options{.mountpoint = request_.mountpoint,
                             .source = "walrusfs:" + request_.volume.name,
                             .read_only = request_.read_only,
                             .allow_other = request_.allow_other || request_.volume.config.allow_other,
                             .threads = request_.volume.config.threads};
  WFS_ASSIGN(mount_, Mount::make(*vfs_, clock_, options));
  WFS_ASSIGN(control_,
             ControlServer::listen(request_.volume.socket_path(),
                                   [this](const json& asked, const SendEvent& send) { return handle(asked, send); }));
  return write_mount_record(files_, request_.volume, {static_cast<int>(getpid()), request_.mountpoint});
}

void MountedVolume::start_threads() {
  journal_thread_ = std::make_unique<StepThread>([this] { return vfs_->journal_step(); });
  if (request_.read_only) return;
  // Pages of a file that is kept open would wait in the kernel for half a minute and more.
  flush_thread_ = std::make_unique<StepThread>([this] {
    mount_->flush_kernel();
    return request_.volume.config.journal_interval;
  });
  committer_thread_ =
      std::make_unique<StepThread>([this] { return committer_->step(); }, StepThread::Priority::kGivesWay);
  committer_->set_waker([this] { committer_thread_->wake(); });
}

// The folder is unmounted: nothing comes from the kernel any more.
Status MountedVolume::shut_down() {
  committer_->cancel();
  network_->cancel->cancel();
  control_.reset();
  committer_->set_waker({});
  committer_thread_.reset();
  flush_thread_.reset();
  journal_thread_.reset();
  const Status journaled = vfs_->journal_now();
  const CommitterStatus left = committer_->status();
  if (left.pending_bytes > 0) {
    log_info("{} are not on the network yet; the next mount goes on with them", format_bytes(left.pending_bytes));
  }
  if (!journaled.ok()) return journaled.error().with_context("the last changes could not be journaled");
  return {};
}

Result<json> MountedVolume::handle(const json& request, const SendEvent& send) {
  const std::string wanted = request.value("do", "");
  if (wanted == "status") return status_report();
  if (wanted == "sync") return sync(request, send);
  if (wanted == "umount") {
    if (!request.value("now", false) && !request_.read_only) {
      WFS_TRY(journal_everything());
      WFS_TRY(wait_published(send, Deadline::never()));
    }
    WFS_TRY(mount_->stop(false));
    WFS_TRY(vfs_->journal_now());
    WFS_ASSIGN(const Sequence published, index_->published());
    return json{{"pending_bytes", committer_->status().pending_bytes}, {"unpublished", vfs_->journaled() > published}};
  }
  return Error(Code::kInvalidArgument, "this mount does not know the request '" + wanted + "'");
}

Result<json> MountedVolume::status_report() {
  WFS_ASSIGN(const IndexTotals totals, index_->totals());
  WFS_ASSIGN(const Sequence published, index_->published());
  const CommitterStatus committer = committer_->status();
  const VfsStatus tree = vfs_->status();
  const SpoolUsage spool = spool_->usage();
  const FrameCacheUsage cache = cache_->usage();
  return json{
      {"volume", request_.volume.name},
      {"mountpoint", request_.mountpoint},
      {"pid", getpid()},
      {"encrypted", identity_.has_value()},
      {"network", network_->description},
      {"read_only", tree.read_only},
      {"read_only_reason", tree.read_only_reason},
      {"files", {{"inodes", totals.inodes}, {"bytes", totals.file_bytes}, {"dirty", tree.dirty_inodes}}},
      {"packs",
       {{"certified", totals.packs_certified},
        {"built", totals.packs_built},
        {"bytes", totals.pack_bytes},
        {"certified_by", "publisher"}}},
      {"upload", upload_report(committer)},
      {"sequence", {{"journaled", raw(tree.journaled)}, {"published", raw(published)}}},
      {"spool",
       {{"staging_bytes", spool.staging_bytes},
        {"pack_bytes", spool.pack_bytes},
        {"bound_bytes", spool.bound_bytes},
        {"lost_files", spool.lost_files},
        {"lost_folder", request_.volume.lost_path()}}},
      {"cache",
       {{"bytes", cache.bytes},
        {"frames", cache.frames},
        {"hits", cache.hits},
        {"misses", cache.misses},
        {"damaged", cache.damaged}}},
  };
}

Status MountedVolume::journal_everything() {
  {
    Fd folder(open(request_.mountpoint.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.valid() && syncfs(folder.get()) != 0) {
      // The kernel tells of such a loss once; the programs that wrote then were told by write, fsync or close.
      return error_from_errno(errno, "some writes since the last sync did not get through (their programs were told)");
    }
  }
  return vfs_->journal_now();
}

Status MountedVolume::wait_published(const SendEvent& send, Deadline deadline) {
  const Sequence wanted = vfs_->journaled();
  committer_->request_flush();
  while (true) {
    const Deadline look_again = clock_.in(kProgressInterval).sooner_of(deadline);
    const Status waited = committer_->wait_published(wanted, look_again);
    if (waited.ok()) return waited;
    if (clock_.passed(deadline) || waited.error().code() == Code::kCancelled) return waited;
    WFS_TRY(send(json{{"progress", upload_report(committer_->status())}}));
  }
}

Result<json> MountedVolume::sync(const json& request, const SendEvent& send) {
  const std::string wait = request.value("wait", "certified");
  if (wait != "journaled" && wait != "certified") {
    return Error(Code::kInvalidArgument, "sync waits for 'journaled' or 'certified', not for '" + wait + "'");
  }
  WFS_TRY(journal_everything());
  if (wait == "certified" && !request_.read_only) {
    const auto timeout = request.value("timeout_ms", int64_t{0});
    WFS_TRY(wait_published(send, timeout > 0 ? clock_.in(Millis(timeout)) : Deadline::never()));
  }
  WFS_ASSIGN(const Sequence published, index_->published());
  if (wait == "certified" && request_.read_only && vfs_->journaled() > published) {
    return Error(Code::kReadOnly,
                 "some changes are on this machine only, and a read-only mount uploads nothing;"
                 " mount without --read-only");
  }
  return json{{"journaled", raw(vfs_->journaled())}, {"published", raw(published)}};
}

}  // namespace

Status run_mount(const MountRequest& request, const std::function<void()>& on_ready) {
  SignalThread signals;
  bool recorded = false;
  Status done;
  {
    MountedVolume mounted(request);
    done = mounted.run(signals, [&] {
      recorded = true;
      on_ready();
    });
  }
  if (!recorded) return done;  // the record, if there is one, is that of another mount
  // Last, when the volume's lock is free again: `walrusfs umount` waits for this.
  const auto gone = system_files().remove(request.volume.mount_record_path());
  if (!gone.ok() && gone.error().code() != Code::kNotFound) log_warn("{}", gone.error().message());
  const Config& config = request.volume.config;
  if (config.localnet_stop_with_mount && config.network.backend == Backend::kLocal) {
    const auto stopped = stop_local_network(system_files(), system_clock(), request.places.localnet());
    if (!stopped.ok()) log_warn("the local network was not stopped: {}", stopped.error().message());
  }
  return done;
}

}  // namespace walrusfs::cli
