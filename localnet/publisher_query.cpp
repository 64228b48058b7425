#include "localnet/publisher_query.h"

#include "localnet/committee.h"
#include "localnet/envelope.h"
#include "localnet/ledger.h"
#include "localnet/query.h"

namespace walrusfs::localnet {
namespace {

Error bad_request(std::string why) { return Error(Code::kInvalidArgument, std::move(why)); }

HttpAnswer invalid_persistence() {
  return error_answer({400, "INVALID_ARGUMENT", "INVALID_BLOB_PERSISTENCE", kDaemonDomain,
                       "a blob cannot be deletable and permanent at once"});
}

// kNotSupported stands for the one conflict that has a reason of its own.
Result<StoreWish> read_wish(const Query& query) {
  StoreWish wish;
  WFS_ASSIGN(auto epochs, query.number("epochs"));
  WFS_ASSIGN(auto permanent, query.boolean("permanent"));
  WFS_ASSIGN(auto deletable, query.boolean("deletable"));
  WFS_ASSIGN(auto force, query.boolean("force"));
  WFS_ASSIGN(auto reuse, query.boolean("reuse_resources"));
  WFS_ASSIGN(auto share, query.boolean("share"));
  if (epochs && (*epochs == 0 || *epochs > kMaxEpochsAhead))
    return bad_request("epochs: must be between 1 and " + std::to_string(kMaxEpochsAhead));
  if (query.text("encoding_type").value_or("RS2") != "RS2") return bad_request("encoding_type: only RS2 is supported");
  const std::string version = query.text("quilt_version").value_or("v1");
  if (version != "v1" && version != "V1") return bad_request("quilt_version: only v1 is supported");
  wish.epochs = static_cast<uint32_t>(epochs.value_or(1));
  wish.permanent = permanent.value_or(false);
  wish.force = force.value_or(false);
  wish.reuse_resources = reuse.value_or(false);
  wish.share = share.value_or(false);
  if (auto address = query.text("send_object_to")) {
    wish.send_object_to = normalise_object_id(*address);
    if (!wish.send_object_to) return bad_request("send_object_to: not a Sui address");
    if (wish.share) return bad_request("send_object_to and share exclude each other");
  }
  if (wish.permanent && deletable.value_or(false)) return Error(Code::kNotSupported, "");
  return wish;
}

Result<Query> parse_query(const std::string& text, bool quilt) {
  if (!quilt)
    return Query::parse(text, {"epochs", "permanent", "deletable", "send_object_to", "share", "force",
                               "reuse_resources", "encoding_type"});
  return Query::parse(text, {"epochs", "permanent", "deletable", "send_object_to", "share", "force",
                             "reuse_resources", "encoding_type", "quilt_version"});
}

}  // namespace

StoreQuery parse_store_query(const std::string& text, bool quilt) {
  const auto query = parse_query(text, quilt);
  if (!query) return {std::nullopt, text_answer(400, query.error().message())};
  auto wish = read_wish(*query);
  if (wish) return {std::move(*wish), {}};
  const bool has_reason = wish.error().code() == Code::kNotSupported;
  return {std::nullopt, has_reason ? invalid_persistence() : text_answer(400, wish.error().message())};
}

}  // namespace walrusfs::localnet
