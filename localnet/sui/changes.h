// What a workspace did to the chain, object by object, with the versions that come of it.
//
// A value for one thread; built from a workspace when it is done.
#pragma once

#include <map>
#include <set>

#include "localnet/sui/workspace.h"

namespace walrusfs::localnet::sui {

class Changes {
 public:
  Changes() = default;
  // Everything written has that version from now on, by that transaction. Rebates stay as they were.
  Changes(const Workspace& work, uint64_t version, const SuiDigest& by);

  std::map<ObjectId, Object>& after() { return after_; }
  const std::map<ObjectId, Object>& after() const { return after_; }
  const std::map<ObjectId, Object>& before() const { return before_; }

  // Into the effects, as they are now: changed objects, dependencies, balances of accounts.
  void tell(Effects& effects) const;
  std::vector<Object> written() const;
  std::vector<ObjectId> removed() const;

 private:
  void add(const Workspace& work, const ObjectId& id, const Workspace::Entry& entry);
  void tell_objects(Effects& effects) const;
  void tell_balances(Effects& effects) const;

  uint64_t version_ = 0;
  SuiDigest by_;
  std::map<ObjectId, Object> after_, before_;
  std::set<ObjectId> created_, deleted_;
};

}  // namespace walrusfs::localnet::sui
