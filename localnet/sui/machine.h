// Runs the commands of a programmable transaction one after the other. No gas, no signatures, no versions: those are
// the executor's. Used by one thread, for one transaction.
#pragma once

#include <list>

#include "localnet/sui/call.h"

namespace walrusfs::localnet::sui {

class Machine {
 public:
  // `gas` is what SplitCoins(GasCoin) may spend; nothing when no coin pays. All must outlive the machine. The objects
  // among the inputs exist in the workspace.
  Machine(Workspace& work, const CertificateVerifier& certificates, const ProgrammableTransaction& programmable,
          std::optional<Value> gas);

  // The first failure, with the number of its command.
  Step run();
  // Of what is left when all went well: values without `drop` that nobody used; then inputs go back to their owners.
  Step settle();

  // Of each command that ran, in their order.
  std::vector<CommandOutput> take_outputs() { return std::move(outputs_); }
  // The gas coin as it is now; nothing when it was given away.
  const std::optional<Value>& gas_coin() const { return gas_.value; }
  // To whom the gas coin was given.
  const std::optional<Address>& gas_receiver() const { return gas_receiver_; }

 private:
  struct Slot {
    std::optional<Value> value;  // nothing once it was moved
    bool may_move = true;        // by value: not for shared and immutable objects
    bool may_change = true;
    bool is_input_object = false;
    Owner owner;  // of input objects
  };
  // What a command's arguments are: moved values live here while it runs.
  struct Bound {
    std::vector<Value*> values;
    std::list<Value> moved;
    std::vector<Slot*> borrowed;
  };

  void add_input(const CallArg& input);
  Step run_command(const Command& command, std::vector<Slot>* results);
  Step run_call(const MoveCall& command, std::vector<Slot>* results);
  Step run_transfer(const TransferObjects& command);
  Step run_split(const SplitCoins& command, std::vector<Slot>* results);
  Step run_merge(const MergeCoins& command);

  // Null, and the failure, when there is no such slot.
  Slot* slot_of(const Argument& argument, uint32_t index, Step* failed);
  Slot* result_slot(size_t command, size_t nested, bool whole, uint32_t index, Step* failed);
  Step bind(const MoveFunction& function, const MoveCall& command, Bound* bound);
  Step bind_one(const Parameter& parameter, const TypeTag& type, const Argument& argument, uint32_t index,
                Bound* bound);
  Step take_object(const Argument& argument, uint32_t index, Value* value);
  // A coin that may be changed.
  Step borrow_coin(const Argument& argument, uint32_t index, Slot** slot);
  void tell_changed(const Argument& argument, const Value& value);
  Step read_u64(const Argument& argument, uint32_t index, uint64_t* value);

  Workspace& work_;
  const CertificateVerifier& certificates_;
  const ProgrammableTransaction& programmable_;
  Slot gas_;
  std::optional<Address> gas_receiver_;
  std::vector<Slot> inputs_;
  std::vector<std::vector<Slot>> results_;
  std::vector<CommandOutput> outputs_;
};

// The function that a call means. An abort when the package is an old version of Walrus's.
struct FoundFunction {
  const MoveFunction* function = nullptr;
  Step failed;
};
FoundFunction function_of(const MoveCall& call, const Packages& packages);

}  // namespace walrusfs::localnet::sui
