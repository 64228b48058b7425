// A Move function as it is executed here: its signature as data, and a function of ours instead of bytecode.
#pragma once

#include <string_view>
#include <vector>

#include "localnet/sui/certificates.h"
#include "localnet/sui/workspace.h"

namespace walrusfs::localnet::sui {

// A Move value on its way between commands. A pure input has no type until a function gives it one.
struct Value {
  TypeTag type;
  Bytes bytes;
  bool pure = false;
};

// What a command gave, and what it changed that was lent to it, as it was right afterwards.
struct CommandOutput {
  std::vector<Value> returned;
  std::vector<std::pair<Argument, Value>> changed;
};

// Nothing when all went well.
using Step = std::optional<Failure>;

#define MOVE_TRY(step)                                                    \
  do {                                                                    \
    if (auto move_failure_ = (step); move_failure_) return move_failure_; \
  } while (false)

struct Parameter {
  // Objects and coins, then plain values.
  enum class Kind {
    kSystem,
    kStaking,
    kBlob,
    kSharedBlob,
    kStorage,
    kPool,
    kMetadata,
    kExchange,
    kClock,
    kStakedWal,
    kNodeCap,
    kNodeMetadata,
    kAuthenticated,
    kAuthorized,
    kCoinSui,
    kCoinWal,
    kCoinAny,
    kAnyObject,
    kBool,
    kU8,
    kU16,
    kU32,
    kU64,
    kId,
    kBlobId,
    kDigest,
    kText,
    kBytes,
  };
  enum class Mode { kValue, kRef, kMutRef };
  Kind kind;
  Mode mode = Mode::kValue;

  bool is_plain() const { return kind >= Kind::kBool; }
};

// The Move type of an object parameter; kCoinAny is the coin of the call's type argument, kAnyObject that type itself.
TypeTag type_of(Parameter::Kind kind, const Packages& packages, const std::vector<TypeTag>& type_arguments);
// Whether these bytes are one value of a plain kind.
bool is_value_of(Parameter::Kind kind, ByteView bytes);

// The running call. The machine has checked arguments against the signature: numbers of bytes, types and modes.
class Call {
 public:
  Call(Workspace& workspace, const CertificateVerifier& verifier, const std::vector<TypeTag>& type_arguments)
      : work(workspace), certificates(verifier), types(type_arguments), packages(workspace.network().packages) {}

  template <typename T>
  T get(size_t index) const {
    return bcs_decode<T>(arguments[index]->bytes, "an argument").value();
  }
  // Of an argument that is a mutable reference.
  template <typename T>
  void set(size_t index, const T& content) {
    arguments[index]->bytes = bcs_encode(content);
  }
  template <typename T>
  void give(TypeTag type, const T& content) {
    results.push_back({std::move(type), bcs_encode(content), false});
  }

  // Aborts of Walrus's own modules and of the framework's.
  Failure abort(std::string_view module, std::string_view function, uint64_t code) const {
    return abort_in(packages.walrus_current, module, function, code);
  }
  Failure framework_abort(std::string_view module, std::string_view function, uint64_t code) const {
    return abort_in(kSuiFramework, module, function, code);
  }
  static Failure abort_in(const ObjectId& package, std::string_view module, std::string_view function, uint64_t code);

  template <typename Event>
  void emit(std::string module, const TypeTag& type, const Event& event) {
    work.emit(packages.walrus_current, std::move(module), type, bcs_encode(event));
  }

  Workspace& work;
  const CertificateVerifier& certificates;
  const std::vector<TypeTag>& types;
  const Packages& packages;
  std::vector<Value*> arguments;
  std::vector<Value> results;
};

struct MoveFunction {
  enum class Where { kWalrus, kFramework, kExchange };
  Where where;
  std::string_view module, name;
  std::vector<Parameter> parameters;
  size_t type_parameters;
  Step (*run)(Call& call);
};

// Null when there is no such function.
const MoveFunction* find_function(MoveFunction::Where where, std::string_view module, std::string_view name);

}  // namespace walrusfs::localnet::sui
