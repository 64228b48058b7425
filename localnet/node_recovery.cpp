// The recovery-symbols route of a storage node: single symbols, each with a proof.
#include "codec/recovery.h"
#include "localnet/node_errors.h"
#include "localnet/query.h"
#include "localnet/storage_node.h"

namespace walrusfs::localnet {
namespace {

namespace refuse = node_errors;

// Which slivers to look at for one symbol: the row or the column it lies on.
struct Source {
  Axis axis;           // of the sliver it is cut from
  SliverIndex sliver;
  SliverIndex target;  // on the other axis
};

std::vector<Source> sources_of(const SymbolId& id, std::optional<Axis> proof_axis) {
  std::vector<Source> sources;
  if (proof_axis != Axis::kSecondary) sources.push_back({Axis::kPrimary, id.primary, id.secondary});
  if (proof_axis != Axis::kPrimary) sources.push_back({Axis::kSecondary, id.secondary, id.primary});
  return sources;
}

std::optional<Axis> axis_named(const std::optional<std::string>& text) {
  if (text == "primary") return Axis::kPrimary;
  if (text == "secondary") return Axis::kSecondary;
  return std::nullopt;
}

// A sliver whose symbols are handed out with proofs. Expanding and hashing it costs far more than reading it, and
// who rebuilds several slivers asks for several symbols of the same one in a row.
class ProvingSliver {
 public:
  ProvingSliver(const CodeShape& shape, Sliver sliver)
      : axis_(sliver.axis),
        index_(sliver.index),
        symbol_bytes_(sliver.symbol_bytes),
        word_(expand_sliver(shape, sliver)),
        tree_(sliver_leaf_hashes(shape, sliver)) {}

  bool is(const Source& source) const { return axis_ == source.axis && index_ == source.sliver; }
  GeneralRecoverySymbol prove(SliverIndex target) const {
    const ByteView symbol = ByteView(word_).subspan(size_t{raw(target)} * symbol_bytes_, symbol_bytes_);
    return {{{other(axis_), index_, to_bytes(symbol)}, tree_.prove(raw(target))}, target};
  }

 private:
  const Axis axis_;
  const SliverIndex index_;
  const uint16_t symbol_bytes_;
  const Bytes word_;
  const MerkleTree tree_;
};

// The symbols asked for; empty when the filter makes no sense (the text says why).
struct Wanted {
  std::vector<SymbolId> ids;
  std::string problem;
};

Wanted wanted_by_id(const std::vector<std::string>& texts, const CodeShape& shape) {
  Wanted wanted;
  for (const std::string& text : texts) {
    auto id = SymbolId::parse(text);
    if (!id || !shape.has(id->primary) || !shape.has(id->secondary)) {
      wanted.problem = "'" + text + "' is no symbol of this code";
      return wanted;
    }
    wanted.ids.push_back(*id);
  }
  return wanted;
}

Wanted wanted_by_target(const Query& query, const CodeShape& shape) {
  Wanted wanted;
  auto axis = axis_named(query.text("targetType"));
  auto target = parse_decimal(query.text("targetSliver").value_or(""));
  if (!axis || !target || *target >= shape.n()) {
    wanted.problem = "targetSliver and targetType do not name a sliver";
    return wanted;
  }
  SliverIndex sliver{static_cast<uint16_t>(*target)};
  for (uint16_t i = 0; i < shape.n(); ++i) {
    SliverIndex crossing{i};
    wanted.ids.push_back(*axis == Axis::kPrimary ? SymbolId{sliver, crossing} : SymbolId{crossing, sliver});
  }
  return wanted;
}

}  // namespace

HttpAnswer StorageNode::recovery_symbols(HttpCall& call, const BlobId& blob) {
  const GatePass pass(recovering_);
  if (!pass.inside()) return refuse::unavailable("too many requests for recovery symbols");
  return admitted_recovery_symbols(call, blob);
}

HttpAnswer StorageNode::admitted_recovery_symbols(HttpCall& call, const BlobId& blob) {
  auto query = Query::parse(call.query(), {"targetSliver", "targetType", "proofAxis"}, {"id"});
  if (!query) return text_answer(400, query.error().message());
  auto proof_axis = axis_named(query->text("proofAxis"));
  if (query->has("proofAxis") && !proof_axis) return refuse::invalid_filter("proofAxis is primary or secondary");
  const bool by_target = query->has("targetSliver") || query->has("targetType");
  if (by_target && query->has("id")) return refuse::invalid_filter("name symbols either by id or by target");
  if (!by_target && !query->has("id")) return refuse::no_symbols_specified();
  Wanted wanted = by_target ? wanted_by_target(*query, shape()) : wanted_by_id(query->all("id"), shape());
  if (!wanted.problem.empty()) return refuse::invalid_filter(wanted.problem);
  // All symbols of one sliver come from the slivers of the other axis.
  if (by_target && !proof_axis) proof_axis = other(*axis_named(query->text("targetType")));
  if (!registry_.standing(blob).registered()) return refuse::sliver_not_found();

  bool any_ours = false;
  uint64_t bytes = 0;
  std::vector<Bytes> found;
  std::optional<ProvingSliver> proving;
  for (const SymbolId& id : wanted.ids) {
    for (const Source& source : sources_of(id, proof_axis)) {
      PairIndex pair = shape().pair_of(source.axis, source.sliver);
      if (!store_.serves(blob, pair) && !store_.has_sliver(blob, pair, source.axis)) continue;
      any_ours = true;
      if (!proving || !proving->is(source)) {
        auto sliver = store_.sliver(blob, pair, source.axis);
        if (!sliver) continue;
        proving.emplace(shape(), std::move(*sliver));
      }
      found.push_back(proving->prove(source.target).to_bytes());
      bytes += found.back().size();
      break;
    }
    // Answers may be partial; the next symbol has as many bytes as this one.
    if (!found.empty() && bytes + found.back().size() > kSymbolsAnswerBytes) break;
  }
  if (found.empty()) return any_ours ? refuse::sliver_not_found() : refuse::symbol_not_present();
  BcsWriter out;
  out.uleb(static_cast<uint32_t>(found.size()));
  for (const Bytes& symbol : found) out.raw(symbol);
  return bytes_answer(out.take());
}

}  // namespace walrusfs::localnet
