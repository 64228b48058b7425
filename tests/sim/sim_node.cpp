#include "sim_node.h"

namespace walrusfs::sim {
namespace {

constexpr const char* kBlobFolder = "/node/blobs";

}  // namespace

SimNode::SimNode(const net::Membership& membership, std::string id, const net::Ledger& chain, Clock& clock,
                 const bls::SecretKey& key)
    : membership_(membership),
      id_(std::move(id)),
      chain_(chain),
      clock_(clock),
      key_(key),
      faults_(clock),
      seen_(chain, faults_) {}

void SimNode::start() {
  if (runs()) return;
  // No blob here is inconsistent, so whoever is accused of it is not to blame.
  auto accuse = [](const BlobId&, const InconsistencyProof&) { return Status(Error(Code::kInternal, "accused")); };
  net::NodeWork::Options options;
  options.id = id_;
  options.folder = kBlobFolder;
  work_ = net::NodeWork::open({membership_, chain_, seen_, peers_, traffic_, files_, clock_}, options, key_, accuse)
              .value();
  handler_ = [this](HttpCall& call) {
    return faults_.answer(call, [this](HttpCall& unharmed) { return work_->answer(unharmed); });
  };
}

void SimNode::meet(const std::string& id, std::unique_ptr<net::NodeWire> wire) {
  auto counted = std::make_unique<net::CountingWire>(std::move(wire), traffic_);
  peers_.enter(id, std::make_shared<net::NodeClient>("peer", std::move(counted), membership_.shape(), clock_));
  if (work_) work_->expect_work();
}

bool SimNode::has_all_of(const BlobId& blob) {
  return store().shards().owned.empty() || (store().has_metadata(blob) && store().has_all_slivers(blob));
}

Status SimNode::follow_membership() {
  if (work_) work_->follow();
  return {};
}

void SimNode::stop() {
  handler_ = nullptr;
  work_.reset();
}

void SimNode::power_cut(Rng& rng) {
  stop();
  files_.power_cut(rng);
}

void SimNode::take_disk() {
  stop();
  const std::string blobs = kBlobFolder;
  const auto folders = files_.list(blobs).value();
  for (const auto& folder : folders) {
    const auto files = files_.list(blobs + "/" + folder.name).value();
    for (const auto& file : files) {
      const std::string path = blobs + "/" + folder.name + "/" + file.name;
      const auto opened = files_.open(path, Files::Open::kRead).value();
      Bytes bytes(opened->size().value());
      WFS_CHECK(opened->read_at(0, bytes).value() == bytes.size());
      taken_[path] = std::move(bytes);
    }
  }
  wipe();
}

void SimNode::return_disk(const std::set<BlobId>& whole) {
  stop();
  for (const auto& [path, bytes] : taken_) {
    const size_t name = path.rfind('/') + 1;
    const auto blob = BlobId::parse(path.substr(name, path.rfind('.') - name));
    if (blob && whole.contains(*blob)) continue;
    WFS_CHECK(files_.make_directories(path.substr(0, name - 1)).ok());
    const auto file = files_.open(path, Files::Open::kCreate).value();
    WFS_CHECK(file->truncate(0).ok() && file->write_at(0, bytes).ok());
  }
  WFS_CHECK(files_.sync_filesystem("/").ok());
  taken_.clear();
}

void SimNode::wipe() {
  stop();
  WFS_CHECK(files_.sync_filesystem("/").ok());  // or the next power cut would bring back what is gone
  disk_.wipe(kBlobFolder);
}

}  // namespace walrusfs::sim
