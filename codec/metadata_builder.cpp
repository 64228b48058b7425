#include "codec/metadata_builder.h"

#include <algorithm>

namespace walrusfs::codec {
namespace {

// Room for the rows' recovery symbols; a larger blob is worked through in windows.
constexpr size_t kParityBudgetBytes = 64 << 20;
constexpr size_t kMinWindowBytes = 512;

constexpr size_t round_up(size_t value, size_t to) { return (value + to - 1) / to * to; }

// Full groups of rows that are all padding.
GroupRange padding_rows(const CodeShape& shape, const BlobMatrix& matrix) {
  return {groups_for(matrix.rows_with_data()), size_t{shape.k1()} / kLanes};
}

bool table_pays(const CodeShape& shape, uint16_t symbol_bytes) {
  return symbol_bytes == 2 && uint64_t{shape.n()} * shape.n() > 2 * TwoByteLeaves::kSymbols;
}

}  // namespace

// What one worker needs while it hashes columns.
struct MetadataBuilder::Scratch {
  explicit Scratch(const MetadataBuilder& builder)
      : forest(builder.engine_, builder.shape_.n()), leaves(tree_groups(builder.shape_.n())) {
    const size_t symbol_bytes = builder.matrix_.symbol_bytes();
    if (builder.narrow()) {
      const TwoByteLeaves* table = builder.table_ ? &*builder.table_ : nullptr;
      narrow.emplace(builder.engine_, builder.column_code_, symbol_bytes, table);
      sources.resize(size_t{builder.shape_.k1()} * NarrowWords::kWords);
    } else {
      wide.emplace(builder.engine_, builder.column_code_, symbol_bytes, builder.zero_rows_);
      sources.resize(builder.shape_.k1());
    }
  }

  std::optional<NarrowWords> narrow;
  std::optional<WordHasher> wide;
  RowForest forest;
  std::vector<DigestLanes> leaves;  // of one column
  std::vector<const uint8_t*> sources;
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
      groups_(groups_for(shape.n())),
      early_groups_(shape.k2() / kGroupColumns),
      zero_rows_(padding_rows(shape, matrix_)),
      zero_trees_(engine_, symbol_bytes),
      window_bytes_(affordable_window()),
      parity_stride_(narrow() ? window_bytes_ : round_up(window_bytes_, kStripBytes)),
      progress_(options.progress, uint64_t{shape.n()} * symbol_bytes),
      row_nodes_(groups_ * groups_ * sizeof(DigestLanes)),
      column_roots_(shape.n()),
      row_parity_(size_t{row_code_.recoveries()} * shape.k1() * parity_stride_) {
  static_assert(kGroupColumns == kLanes);
  if (table_pays(shape, symbol_bytes)) table_.emplace(engine_);
  if (window_bytes_ < symbol_bytes) carried_.resize(late_columns());
}

Result<BlobMetadata> MetadataBuilder::build() {
  for (size_t begin = 0; begin < matrix_.symbol_bytes() && !progress_.cancelled(); begin += window_bytes_) {
    hash_window({begin, std::min(window_bytes_, matrix_.symbol_bytes() - begin)});
  }
  if (progress_.cancelled()) return Error(Code::kCancelled, "computing the blob ID was cancelled");

  std::vector<PairHashes> pairs(shape_.n());
  parallel_for(
      workers(), groups_, [&](unsigned, size_t group) { finish_rows(group, pairs); }, options_.pool);
  for (size_t p = 0; p < pairs.size(); ++p) pairs[p].secondary.digest = column_roots_[shape_.n() - 1 - p];
  return BlobMetadata::create(shape_, blob_bytes_, std::move(pairs));
}

size_t MetadataBuilder::affordable_window() const {
  const size_t parity_symbols = size_t{shape_.k1()} * row_code_.recoveries();
  const size_t affordable = std::max(kParityBudgetBytes / parity_symbols, kMinWindowBytes);
  const size_t whole_blocks = affordable / kBlake2bBlockBytes * kBlake2bBlockBytes;
  return std::min<size_t>(whole_blocks, matrix_.symbol_bytes());
}

void MetadataBuilder::hash_window(Window window) {
  expand_rows(window);
  const bool last = window.begin + window.bytes == matrix_.symbol_bytes();
  std::vector<std::unique_ptr<Scratch>> scratch(workers());
  // Late groups first; the early ones need only one window.
  const size_t late_groups = groups_ - early_groups_;
  parallel_for(
      workers(), last ? groups_ : late_groups,
      [&](unsigned worker, size_t item) {
        if (progress_.cancelled()) return;
        if (!scratch[worker]) scratch[worker] = std::make_unique<Scratch>(*this);
        hash_group(*scratch[worker], item < late_groups ? early_groups_ + item : item - late_groups, window);
      },
      options_.pool);
}

void MetadataBuilder::expand_rows(Window window) {
  // Rows of pure padding expand to zeros, which the buffer holds for them from the start.
  const size_t rows = matrix_.rows_with_data();
  if (narrow()) {
    std::vector<std::unique_ptr<NarrowWords>> words(workers());
    parallel_for(
        workers(), groups_for(rows),
        [&](unsigned worker, size_t bundle) {
          if (progress_.cancelled()) return;
          auto& own = words[worker];
          if (!own) own = std::make_unique<NarrowWords>(engine_, row_code_, matrix_.symbol_bytes(), nullptr);
          expand_narrow_rows(bundle * NarrowWords::kWords, *own);
        },
        options_.pool);
    return;
  }
  std::vector<Strips> strips(workers());
  parallel_for(
      workers(), rows,
      [&](unsigned worker, size_t row) {
        if (progress_.cancelled()) return;
        strips[worker].resize(row_code_.encode_scratch());
        expand_row(row, window, strips[worker]);
        progress_.add(0);  // the work is counted where columns are hashed, but this takes a while as well
      },
      options_.pool);
}

void MetadataBuilder::expand_row(size_t row, Window window, Strips& strips) {
  std::vector<const uint8_t*> sources(shape_.k2());
  for (size_t column = 0; column < sources.size(); ++column) {
    sources[column] = matrix_.symbol(row, column) + window.begin;
  }
  for (size_t at = 0; at < window.bytes; at += kStripBytes) {
    const size_t left = window.bytes - at;
    row_code_.encode(
        engine_, strips.data(), row_code_.all_recoveries(),
        [&](size_t first, size_t count, Strip* to) { engine_.load(to, &sources[first], at, left, count); },
        [&](size_t first, size_t count, const Strip* from) {
          engine_.store_past_caches(from, parity(first, row) + at, parity_row_stride(), left, count);
        });
  }
}

void MetadataBuilder::expand_narrow_rows(size_t first_row, NarrowWords& words) {
  const size_t rows = std::min<size_t>(NarrowWords::kWords, shape_.k1() - first_row);
  std::vector<const uint8_t*> sources(size_t{shape_.k2()} * NarrowWords::kWords);
  for (size_t column = 0; column < shape_.k2(); ++column) {
    for (size_t w = 0; w < NarrowWords::kWords; ++w) {
      sources[column * NarrowWords::kWords + w] = matrix_.symbol(first_row + std::min(w, rows - 1), column);
    }
  }
  words.expand(sources.data());
  for (size_t r = 0; r < row_code_.recoveries(); ++r) {
    for (size_t w = 0; w < rows; ++w) words.copy_recovery(r, w, parity(r, first_row + w));
  }
}

const uint8_t* MetadataBuilder::window_symbol(size_t row, size_t column, Window window) {
  if (column < shape_.k2()) return matrix_.symbol(row, column) + window.begin;
  return parity(column - shape_.k2(), row);
}

void MetadataBuilder::hash_group(Scratch& scratch, size_t group, Window window) {
  const size_t columns = columns_in(group);
  const bool early = group < early_groups_;
  const Window needed = early ? Window{0, matrix_.symbol_bytes()} : window;
  if (narrow()) expand_narrow_group(scratch, group, needed);
  bool complete = false;
  for (size_t c = 0; c < columns; ++c) {
    complete = hash_column(scratch, group, first_column(group) + c, needed);
    if (!complete) continue;
    scratch.forest.put_column(c, scratch.leaves.data());
    finish_column(scratch, first_column(group) + c);
  }
  if (complete) {
    const bool all_padding = matrix_.is_padding(first_column(group)) && matrix_.is_padding(first_column(group + 1) - 1);
    scratch.forest.reduce(columns, groups_ == 1, all_padding ? full_groups() : zero_rows_, zero_trees_,
                          row_nodes(group));
  }
  progress_.add(columns * needed.bytes);
}

void MetadataBuilder::expand_narrow_group(Scratch& scratch, size_t group, Window window) {
  const size_t columns = columns_in(group);
  for (size_t row = 0; row < shape_.k1(); ++row) {
    for (size_t w = 0; w < NarrowWords::kWords; ++w) {
      scratch.sources[row * NarrowWords::kWords + w] =
          window_symbol(row, first_column(group) + std::min(w, columns - 1), window);
    }
  }
  scratch.narrow->expand(scratch.sources.data());
}

// Whether the column is complete; then its leaves are in the scratch.
bool MetadataBuilder::hash_column(Scratch& scratch, size_t group, size_t column, Window window) {
  DigestLanes* leaves = scratch.leaves.data();
  const GroupRange zeros = zeros_in(column);
  zero_trees_.fill_leaves(leaves, zeros);
  if (narrow()) {
    scratch.narrow->hash(column - first_column(group), zeros, leaves);
    return true;
  }
  for (size_t row = 0; row < shape_.k1(); ++row) scratch.sources[row] = window_symbol(row, column, window);
  if (window.bytes == matrix_.symbol_bytes()) {
    scratch.wide->hash(scratch.sources.data(), leaves);
    return true;
  }
  auto& carried = carried_[column - first_column(early_groups_)];
  if (!carried) carried.emplace(column_code_, zero_rows_);
  return scratch.wide->absorb(*carried, scratch.sources.data(), window.bytes, leaves);
}

GroupRange MetadataBuilder::zeros_in(size_t column) const {
  return matrix_.is_padding(column) ? full_groups() : zero_rows_;
}

// Uses up the leaves.
void MetadataBuilder::finish_column(Scratch& scratch, size_t column) {
  column_roots_[column] = neighbours_root(engine_, scratch.leaves.data(), shape_.n(), zeros_in(column), zero_trees_);
}

void MetadataBuilder::finish_rows(size_t row_group, std::vector<PairHashes>& pairs) const {
  std::vector<DigestLanes> nodes(groups_ + 1);
  for (size_t group = 0; group < groups_; ++group) nodes[group] = row_nodes(group)[row_group];
  for (size_t count = groups_; count > 1;) count = join_level(engine_, nodes.data(), count);
  for (size_t lane = 0; lane < kLanes && row_group * kLanes + lane < pairs.size(); ++lane) {
    pairs[row_group * kLanes + lane].primary.digest = get_digest(nodes.data(), lane);
  }
}

}  // namespace walrusfs::codec
