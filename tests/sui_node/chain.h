// A local chain with a wallet, and a few verbs. Nodes sign for real.
#pragma once

#include <gtest/gtest.h>

#include "base/testing/manual_clock.h"
#include "base/testing/temp_folder.h"
#include "client/sui/keys.h"
#include "codec/metadata_builder.h"
#include "localnet/sui/bls_certificates.h"
#include "localnet/sui/full_node.h"
#include "test_nodes.h"

namespace walrusfs::localnet::sui {

constexpr uint64_t kMuch = 1'000'000'000'000;  // of MIST and of FROST

inline Keypair wallet(uint8_t number, KeyScheme scheme = KeyScheme::kEd25519) {
  return Keypair::create(scheme, Bytes(32, number)).value();
}

// A blob of that text: what registering needs to know of it.
struct TestBlob {
  explicit TestBlob(const std::string& text);
  BlobId id;
  Digest root{};
  uint64_t size = 0, encoded = 0;
};

class ChainTest : public ::testing::Test {
 protected:
  ChainTest();
  // Opens the same file anew.
  void restart();

  // ---- building
  Argument system(bool is_mutable) { return builder.shared(net.system, 1, is_mutable); }
  Argument owned(const ObjectId& id) { return builder.object(node->object(id).value().ref()); }
  Argument wal() { return owned(wal_coin); }
  Argument walrus(const std::string& module, const std::string& function, std::vector<Argument> arguments) {
    return builder.call(net.packages.walrus_current, module, function, std::move(arguments));
  }
  Argument reserve(uint64_t bytes, uint32_t epochs) {
    return walrus("system", "reserve_space", {system(true), builder.pure(bytes), builder.pure(epochs), wal()});
  }
  Argument register_in(Argument storage, const TestBlob& blob, bool deletable) {
    return walrus("system", "register_blob",
                  {system(true), storage, builder.pure(blob.id), builder.pure(blob.root), builder.pure(blob.size),
                   builder.pure(uint8_t{1}), builder.pure(deletable), wal()});
  }
  Argument bytes(const Bytes& value) { return builder.pure(value); }
  Argument text(const std::string& value) { return builder.pure(value); }
  void keep(Argument object) { builder.transfer({object}, me.address()); }

  // ---- running: what was built, then the builder is empty again
  TransactionData finish();
  Result<Record> try_run();
  // Refused is a failure of the test; failing is not.
  Effects run();
  // "" when it succeeded, else "module::function code".
  std::string outcome(const Effects& effects) const;
  std::string run_outcome() { return outcome(run()); }

  // ---- longer stories
  // The Blob object.
  ObjectId register_blob(const TestBlob& blob, bool deletable, uint32_t epochs = 3);
  Effects certify(const ObjectId& blob, const std::vector<uint16_t>& signers = {0, 1, 2, 3});
  ObjectId certified_blob(const TestBlob& blob, bool deletable, uint32_t epochs = 3);

  // ---- looking
  template <typename T>
  T read(const ObjectId& id) const {
    return bcs_decode<T>(node->object(id).value().contents, "an object").value();
  }
  bool exists(const ObjectId& id) const { return node->object(id).has_value(); }
  ObjectId only_created(const Effects& effects, const TypeTag& type) const;
  TypeTag walrus_type(const std::string& module, const std::string& name) const {
    return net.packages.walrus_type(module, name);
  }
  TypeTag blob_type() const { return walrus_type("blob", "Blob"); }
  TypeTag storage_type() const { return walrus_type("storage_resource", "Storage"); }
  SystemStateInner system_state() const;
  uint64_t wal_left() const { return read<Coin>(wal_coin).balance; }
  // Goes on until Walrus is in that epoch.
  void set_epoch(uint32_t epoch);

  TempFolder folder;
  ManualClock clock;
  TestNodes nodes;
  BlsCertificates certificates;
  std::unique_ptr<ChainStore> store;
  std::unique_ptr<FullNode> node;
  Network net;
  Keypair me = wallet(1);
  ObjectId gas_coin, wal_coin;
  TransactionBuilder builder;
};

}  // namespace walrusfs::localnet::sui
