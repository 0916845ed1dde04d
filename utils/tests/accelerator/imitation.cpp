// A fake accelerator for tests: host memory that says it is a device, and refuses what CUDA refuses.
//
// A tensor of the device keeps its bytes in ordinary memory. An operator that reaches the device gets, for each such
// tensor, a CPU "twin" that shares the bytes, runs its CPU kernel on the twins, and has its results called device
// tensors again: nothing is copied, so views, in-place operators and autograd behave as on any device. Before that
// `fallback` checks what CUDA checks: no operator may mix devices, with the exceptions that CUDA makes.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/ops/set_native.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/library.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <unordered_set>

namespace {

using at::Tensor;
const c10::Device HERE(c10::kPrivateUse1, 0);
constexpr auto KEY = c10::DispatchKey::PrivateUse1;
std::atomic<int64_t> waits{0};                   // times the host would have waited for the device
std::map<std::string, int64_t> calls;            // operators run on the device
std::mutex calls_lock;
std::unordered_set<std::string> take_scalars;    // operators that on CUDA take a CPU tensor without axes

// ---- memory, random numbers, the device as PyTorch asks about it

struct Memory final : c10::Allocator {
  c10::DataPtr allocate(size_t n) override {
    void* p = c10::alloc_cpu(n);
    return {p, p, &c10::free_cpu, HERE};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &c10::free_cpu; }
  void copy_data(void* to, const void* from, size_t n) const override { default_copy_data(to, from, n); }
} memory;
REGISTER_ALLOCATOR(c10::kPrivateUse1, &memory)

struct DeviceGenerator final : at::CPUGeneratorImpl {
  explicit DeviceGenerator() { key_set_ = c10::DispatchKeySet(KEY), move(HERE); }
  void move(c10::Device device) { device_ = device; }
};

const at::Generator& default_generator() {
  static const at::Generator generator = at::make_generator<DeviceGenerator>();
  return generator;
}

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override { return default_generator(); }
  at::Generator getNewGenerator(c10::DeviceIndex) const override { return at::make_generator<DeviceGenerator>(); }
};

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return c10::kPrivateUse1; }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  c10::Device getDevice() const override { return HERE; }
  c10::Device exchangeDevice(c10::Device) const override { return HERE; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, HERE); }
  c10::Stream exchangeStream(c10::Stream) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, HERE); }
  void synchronizeDevice(c10::DeviceIndex) const override { ++waits; }
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard)

// ---- device tensors and their CPU twins

void allow(at::ScalarType type) {
  static const bool apple = std::getenv("IMITATION_APPLE") != nullptr;
  TORCH_CHECK_TYPE(!apple || type != at::kDouble, "Cannot convert a MPS Tensor to float64 dtype as the MPS framework "
                   "doesn't support float64. Please use float32 instead.");
}

Tensor on(c10::Storage storage, c10::DispatchKey key, const Tensor& like) {
  auto t = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(key), like.dtype());
  t.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides(), like.storage_offset());
  if (like.unsafeGetTensorImpl()->is_wrapped_number()) t.unsafeGetTensorImpl()->set_wrapped_number(true);
  return t;
}

c10::DataPtr keep(const c10::Storage& cpu) {     // the bytes of `cpu`, for as long as they are needed
  return {cpu.mutable_data(), new c10::Storage(cpu), [](void* s) { delete static_cast<c10::Storage*>(s); }, HERE};
}

struct Twins {
  std::vector<std::pair<Tensor, Tensor>> tensors;                    // (device, CPU)
  std::vector<std::pair<c10::Storage, c10::Storage>> storages;

  Tensor down(const Tensor& t) {
    if (!t.defined() || t.is_cpu()) return t;
    for (auto& [ours, cpu] : tensors) if (ours.is_same(t)) return cpu;
    c10::Storage bytes;
    for (auto& [ours, cpu] : storages) if (ours.is_alias_of(t.storage())) bytes = cpu;
    if (!bytes) {
      bytes = c10::Storage(c10::Storage::use_byte_size_t(), t.storage().nbytes(),
                           c10::DataPtr(t.storage().mutable_data(), c10::kCPU), c10::GetCPUAllocator(), true);
      storages.emplace_back(t.storage(), bytes);
    }
    tensors.emplace_back(t, on(bytes, c10::DispatchKey::CPU, t));
    return tensors.back().second;
  }

  Tensor up(const Tensor& t) {                   // a result: one of ours, a view of one of ours, or new
    if (!t.defined()) return t;
    for (auto& [ours, cpu] : tensors) if (cpu.is_same(t)) return ours;
    for (auto& [ours, cpu] : storages) if (cpu.is_alias_of(t.storage())) return on(ours, KEY, t);
    allow(t.scalar_type());
    return on(c10::Storage(c10::Storage::use_byte_size_t(), t.storage().nbytes(), keep(t.storage()), &memory, true),
              KEY, t);
  }

  void follow() {                                // resize_ and out=: what became of the twins becomes of ours
    for (auto& [ours, cpu] : storages) if (ours.data() != cpu.data()) {
      ours.set_data_ptr_noswap(keep(cpu));
      ours.set_nbytes(cpu.nbytes());
    }
    for (auto& [ours, cpu] : tensors) if (ours.sizes() != cpu.sizes() || ours.strides() != cpu.strides())
      ours.unsafeGetTensorImpl()->set_sizes_and_strides(cpu.sizes(), cpu.strides(), cpu.storage_offset());
  }
};

// ---- operators

void count(const std::string& name) {
  const std::lock_guard<std::mutex> lock(calls_lock);
  ++calls[name];
}

void fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  static const std::unordered_set<std::string> waiting{"aten::_local_scalar_dense", "aten::nonzero", "aten::equal",
                                                       "aten::masked_select", "aten::_unique2", "aten::bincount"};
  at::AutoDispatchBelowADInplaceOrView below;
  const auto& schema = op.schema();
  const auto name = schema.name() + (schema.overload_name().empty() ? "" : "." + schema.overload_name());
  const auto first = stack->size() - schema.arguments().size();
  Twins twins;
  std::vector<DeviceGenerator*> borrowed;
  for (size_t i = 0; i < schema.arguments().size(); ++i) {
    auto& value = (*stack)[first + i];
    const auto& arg = schema.arguments()[i];
    const bool written = arg.alias_info() && arg.alias_info()->isWrite();
    auto down = [&](const Tensor& t, bool index = false) {
      const bool scalar = t.defined() && t.dim() == 0 && !written && take_scalars.count(name);
      TORCH_CHECK(!t.defined() || t.device() == HERE || index || scalar,
                  "Expected all tensors to be on the same device, but found at least two devices, ", HERE, " and ",
                  t.device(), "! (when checking argument ", arg.name(), " of ", name, ")");
      return twins.down(t);
    };
    if (value.isTensor()) {
      value = down(value.toTensor());
    } else if (value.isTensorList()) {
      c10::List<Tensor> list;
      for (const auto& t : value.toTensorVector()) list.push_back(down(t));
      value = list;
    } else if (value.isOptionalTensorList()) {   // only indices are such a list, and CUDA takes them from the CPU, too
      c10::List<std::optional<Tensor>> list;
      for (const std::optional<Tensor>& t : value.toOptionalTensorVector())
        list.push_back(t ? std::optional<Tensor>(down(*t, true)) : t);
      value = list;
    } else if (value.isDevice()) {
      value = c10::Device(c10::kCPU);
    } else if (value.isGenerator() || (value.isNone() && arg.name() == "generator")) {
      auto generator = value.isNone() ? default_generator() : value.toGenerator();
      TORCH_CHECK(generator.device() == HERE, "Expected a '", HERE.type(), "' device type for generator but found '",
                  generator.device().type(), "'");
      borrowed.push_back(generator.get<DeviceGenerator>());
      value = generator;
    }
  }
  const auto* result = schema.returns().empty() ? nullptr : schema.returns()[0].alias_info();
  if (!result || result->isWrite()) count(name); // the others only look at their input in another shape
  if (waiting.count(schema.name())) ++waits;
  for (auto* g : borrowed) g->move(c10::kCPU);   // CPU kernels want a CPU generator
  struct Back { std::vector<DeviceGenerator*>& gs; ~Back() { for (auto* g : gs) g->move(HERE); } } back{borrowed};
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
  twins.follow();
  for (auto i = stack->size() - schema.returns().size(); i < stack->size(); ++i) {
    auto& value = (*stack)[i];
    if (value.isTensor()) {
      value = twins.up(value.toTensor());
    } else if (value.isTensorList()) {
      c10::List<Tensor> list;
      for (const auto& t : value.toTensorVector()) list.push_back(twins.up(t));
      value = list;
    }
  }
}

Tensor empty(c10::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
             std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  allow(c10::dtype_or_default(dtype));
  return at::detail::empty_generic(size, &memory, c10::DispatchKeySet(KEY), c10::dtype_or_default(dtype), format);
}

Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<at::ScalarType> dtype,
                     std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  allow(c10::dtype_or_default(dtype));
  return at::detail::empty_strided_generic(size, stride, &memory, c10::DispatchKeySet(KEY),
                                           c10::dtype_or_default(dtype));
}

Tensor zeros(c10::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout> layout,
             std::optional<at::Device> device, std::optional<bool> pinned) {      // those of torch.func.jacfwd
  return empty(size, dtype, layout, device, pinned, {}).zero_();
}

Tensor copy_from(const Tensor& from, const Tensor& to, bool) {
  at::AutoDispatchBelowADInplaceOrView below;
  from.device() == to.device() ? count("aten::copy_") : void(++waits);
  Twins twins;
  twins.down(to).copy_(twins.down(from));
  return to;
}

// Convolutions of a device that PyTorch does not know arrive under a name of their own.

void convolution(const c10::OperatorHandle&, torch::jit::Stack* stack) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("aten::convolution", "");
  fallback(op, stack);
}

void convolution_backward(const c10::OperatorHandle&, torch::jit::Stack* stack) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("aten::convolution_backward", "");
  const std::vector<int64_t> bias{stack->end()[-10].toTensor().size(1)};
  stack->insert(stack->end() - 7, c10::IValue(bias));        // after grad_output, input, weight
  fallback(op, stack);
}

using torch::CppFunction;

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("_efficientzerotensor", zeros);
  m.impl("_copy_from", copy_from);
  m.impl("set_.source_Tensor", at::native::set_tensor_);
  m.impl("set_.source_Storage", TORCH_FN(static_cast<Tensor& (*)(Tensor&, at::Storage)>(at::native::set_)));
  m.impl("set_.source_Storage_storage_offset", at::native::set_storage_cpu_);
  m.impl("convolution_overrideable", CppFunction::makeFromBoxedFunction<&convolution>());
  m.impl("convolution_backward_overrideable", CppFunction::makeFromBoxedFunction<&convolution_backward>());
  for (const auto& op : c10::Dispatcher::singleton().getAllOpNames())          // one launch, as on CUDA, not one for each
    if (op.name.rfind("aten::_foreach_", 0) == 0)                              // tensor, which is the default elsewhere
      m.impl((op.name.substr(6) + (op.overload_name.empty() ? "" : "." + op.overload_name)).c_str(),
             CppFunction::makeFromBoxedFunction<&fallback>());
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) {
  m.fallback(CppFunction::makeFromBoxedFunction<&fallback>());
}

TORCH_LIBRARY(imitation, m) {
  m.def("start(str[] names) -> ()", [](const std::vector<std::string>& names) {
    take_scalars.insert(names.begin(), names.end());
    static Hooks hooks;
    at::RegisterPrivateUse1HooksInterface(&hooks);
  });
  m.def("generator() -> Generator?", [] { return default_generator(); });
  m.def("waits() -> int", [] { return waits.load(); });
  m.def("calls() -> Dict(str, int)", [] {
    const std::lock_guard<std::mutex> lock(calls_lock);
    c10::Dict<std::string, int64_t> all;
    for (const auto& [name, times] : calls) all.insert(name, times);
    return all;
  });
}

}  // namespace
