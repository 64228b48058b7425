#include "localnet/membership.h"

namespace walrusfs::localnet {
namespace {

std::shared_ptr<const EpochCommittees> only(Committee committee) {
  auto made = std::make_shared<EpochCommittees>();
  made->current = std::make_shared<const Committee>(std::move(committee));
  return made;
}

}  // namespace

FixedMembership::FixedMembership(Committee committee) : committees_(only(std::move(committee))) {}

}  // namespace walrusfs::localnet
