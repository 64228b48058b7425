#include "codec/metadata_builder.h"

#include <algorithm>

namespace walrusfs::codec {
namespace {

// Room for the rows' recovery symbols; a larger blob is worked through in windows.
constexpr size_t kParityBudgetBytes = 64 << 20;
constexpr size_t kMinWindowBytes = 512;

}  // namespace

// The leaves of one group of columns, row by row, on their way to one node per row.
class MetadataBuilder::GroupLeaves {
 public:
  GroupLeaves(size_t rows, size_t columns, bool only_group)
      : rows_(rows), width_(columns), only_group_(only_group), nodes_(rows * columns) {}

  void put_column(size_t column, const std::vector<Digest>& leaves) {
    for (size_t row = 0; row < rows_; ++row) nodes_[row * width_ + column] = leaves[row];
  }

  // `out` has one place per row.
  void reduce(const CodecEngine& engine, Digest* out) {
    // A narrow last group still climbs as far as the others; the only group just to its root.
    for (unsigned level = 0; only_group_ ? width_ > 1 : level < kGroupLevels; ++level) {
      if (width_ % 2 != 0) append_empty_nodes();
      width_ /= 2;
      hash_pairs(engine, nodes_.data(), rows_ * width_, nodes_.data());
    }
    std::copy_n(nodes_.begin(), rows_, out);
  }

 private:
  void append_empty_nodes() {
    std::vector<Digest> wider(rows_ * (width_ + 1));
    for (size_t row = 0; row < rows_; ++row) {
      std::copy_n(nodes_.begin() + static_cast<ptrdiff_t>(row * width_), width_,
                  wider.begin() + static_cast<ptrdiff_t>(row * (width_ + 1)));
    }
    nodes_ = std::move(wider);
    ++width_;
  }

  const size_t rows_;
  size_t width_;
  const bool only_group_;
  std::vector<Digest> nodes_;
};

MetadataBuilder::MetadataBuilder(const CodeShape& shape, ByteView blob, uint16_t symbol_bytes,
                                 const EncodeOptions& options)
    : shape_(shape),
      blob_bytes_(blob.size()),
      options_(options),
      engine_(*options.engine),
      matrix_(shape, blob, symbol_bytes),
      row_code_(RsCode::for_slivers(shape, Axis::kPrimary)),
      column_code_(RsCode::for_slivers(shape, Axis::kSecondary)),
      groups_((shape.n() + kGroupColumns - 1) / kGroupColumns),
      early_groups_(shape.k2() / kGroupColumns),
      progress_(options.progress, uint64_t{shape.n()} * symbol_bytes),
      row_nodes_(groups_ * shape.n()),
      column_roots_(shape.n()) {}

Result<BlobMetadata> MetadataBuilder::build() {
  hash_early_groups();
  hash_late_groups();
  if (progress_.cancelled()) return Error(Code::kCancelled, "computing the blob ID was cancelled");

  std::vector<PairHashes> pairs(shape_.n());
  parallel_for(workers(), shape_.n(), [&](unsigned, size_t p) { pairs[p].primary.digest = row_root(p); });
  for (size_t p = 0; p < pairs.size(); ++p) pairs[p].secondary.digest = column_roots_[shape_.n() - 1 - p];
  return BlobMetadata::create(shape_, blob_bytes_, std::move(pairs));
}

void MetadataBuilder::hash_early_groups() {
  std::vector<std::unique_ptr<WordHasher>> hashers(workers());
  parallel_for(workers(), early_groups_, [&](unsigned worker, size_t group) {
    if (progress_.cancelled()) return;
    auto& hasher = hashers[worker];
    if (!hasher) hasher = std::make_unique<WordHasher>(engine_, column_code_, matrix_.symbol_bytes());
    GroupLeaves group_leaves(shape_.n(), kGroupColumns, groups_ == 1);
    std::vector<const uint8_t*> sources(shape_.k1());
    std::vector<Digest> leaves(shape_.n());
    for (size_t c = 0; c < kGroupColumns; ++c) {
      const size_t column = first_column(group) + c;
      for (size_t row = 0; row < sources.size(); ++row) sources[row] = matrix_.symbol(row, column);
      leaves.resize(shape_.n());
      hasher->hash(sources.data(), leaves.data());
      group_leaves.put_column(c, leaves);
      finish_column(column, leaves);
    }
    group_leaves.reduce(engine_, row_nodes_.data() + group * shape_.n());
    progress_.add(kGroupColumns * matrix_.symbol_bytes());
  });
}

size_t MetadataBuilder::window_bytes() const {
  const size_t parity_symbols = size_t{shape_.k1()} * row_code_.recoveries();
  const size_t affordable = std::max(kParityBudgetBytes / parity_symbols, kMinWindowBytes);
  const size_t whole_blocks = affordable / kBlake2bBlockBytes * kBlake2bBlockBytes;
  return std::min<size_t>(whole_blocks, matrix_.symbol_bytes());
}

void MetadataBuilder::hash_late_groups() {
  if (progress_.cancelled()) return;
  parity_stride_ = window_bytes();
  row_parity_.resize(size_t{row_code_.recoveries()} * shape_.k1() * parity_stride_);
  std::vector<WordHasher::Word> words(late_columns(), WordHasher::Word(column_code_));

  // Leaf hashes of all late columns arrive with the last window, as the columns of the groups.
  for (size_t begin = 0; begin < matrix_.symbol_bytes() && !progress_.cancelled(); begin += parity_stride_) {
    const Window window{begin, std::min(parity_stride_, matrix_.symbol_bytes() - begin)};
    expand_rows(window);
    absorb_late_columns(window, words);
  }
}

void MetadataBuilder::expand_rows(Window window) {
  const size_t k1 = shape_.k1();
  std::vector<Strips> scratch(workers());
  // Rows of pure padding expand to zeros, which the buffer holds for them from the start.
  parallel_for(workers(), matrix_.rows_with_data(), [&](unsigned worker, size_t row) {
    if (progress_.cancelled()) return;
    Strips& strips = scratch[worker];
    strips.resize(row_code_.encode_scratch());
    std::vector<const uint8_t*> sources(shape_.k2());
    for (size_t column = 0; column < sources.size(); ++column) {
      sources[column] = matrix_.symbol(row, column) + window.begin;
    }
    for (size_t at = 0; at < window.bytes; at += kStripBytes) {
      const size_t left = window.bytes - at;
      row_code_.encode(
          engine_, strips.data(), row_code_.all_recoveries(),
          [&](size_t i, Strip& strip) { load_strip(strip, sources[i] + at, left); },
          [&](size_t r, const Strip& strip) {
            store_strip(strip, row_parity_.data() + (r * k1 + row) * parity_stride_ + at, left);
          });
    }
  });
}

const uint8_t* MetadataBuilder::window_symbol(size_t row, size_t column, Window window) const {
  if (column < shape_.k2()) return matrix_.symbol(row, column) + window.begin;
  return row_parity_.data() + ((column - shape_.k2()) * shape_.k1() + row) * parity_stride_;
}

void MetadataBuilder::absorb_late_columns(Window window, std::vector<WordHasher::Word>& words) {
  std::vector<std::unique_ptr<WordHasher>> hashers(workers());
  parallel_for(workers(), groups_ - early_groups_, [&](unsigned worker, size_t item) {
    if (progress_.cancelled()) return;
    auto& hasher = hashers[worker];
    if (!hasher) hasher = std::make_unique<WordHasher>(engine_, column_code_, matrix_.symbol_bytes());
    const size_t group = early_groups_ + item;
    GroupLeaves group_leaves(shape_.n(), columns_in(group), groups_ == 1);
    std::vector<const uint8_t*> sources(shape_.k1());
    std::vector<Digest> leaves;
    bool complete = false;
    for (size_t c = 0; c < columns_in(group); ++c) {
      const size_t column = first_column(group) + c;
      for (size_t row = 0; row < sources.size(); ++row) sources[row] = window_symbol(row, column, window);
      leaves.resize(shape_.n());
      WordHasher::Word& word = words[column - first_column(early_groups_)];
      complete = hasher->absorb(word, sources.data(), window.bytes, leaves.data());
      if (!complete) continue;
      group_leaves.put_column(c, leaves);
      finish_column(column, leaves);
    }
    if (complete) group_leaves.reduce(engine_, row_nodes_.data() + group * shape_.n());
    progress_.add(columns_in(group) * window.bytes);
  });
}

// Uses up `leaves`.
void MetadataBuilder::finish_column(size_t column, std::vector<Digest>& leaves) {
  column_roots_[column] = reduce_to_root(engine_, leaves);
}

Digest MetadataBuilder::row_root(size_t row) const {
  std::vector<Digest> nodes(groups_);
  for (size_t group = 0; group < groups_; ++group) nodes[group] = row_nodes_[group * shape_.n() + row];
  return reduce_to_root(engine_, nodes);
}

}  // namespace walrusfs::codec
