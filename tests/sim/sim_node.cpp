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

void SimNode::wipe() {
  stop();
  WFS_CHECK(files_.sync_filesystem("/").ok());  // or the next power cut would bring back what is gone
  disk_.wipe(kBlobFolder);
}

}  // namespace walrusfs::sim
