"""Fused CUDA forms of the array expressions that a recourse spends its time in.

Each does in one pass over memory what its twin does in a dozen: `user_event` and `coordinate_rates` of
`methods.recrec.leaping` and `evaluation.thresholding.count_successes` are the definitions. Without fused multiply-adds,
so that sums round as the twins' do.
"""

import numpy as np

#: A shrunk coordinate this close to zero, relative to the shrinkage, is zero; one this close to a bound, relative to
#: the bound and to the step, is on it; one that moves by less, relative to the shrinkage, does not move. What is so
#: exactly must be so whatever the order in which the steps were summed.
ZERO = 1e-9

THREADS = 256
OPTIONS = ("--std=c++17", "--fmad=false")

SOURCE = r"""
__device__ inline REAL size_of(REAL x) { return x < 0 ? -x : x; }
__device__ inline REAL smaller(REAL a, REAL b) { return a < b ? a : b; }
__device__ inline REAL larger(REAL a, REAL b) { return a < b ? b : a; }
__device__ inline REAL sign_of(REAL x) { return (REAL)(x > 0) - (REAL)(x < 0); }

// The sum, or the smallest, of a number from each thread of a block, for all of its threads.
__device__ inline REAL block_reduce(REAL value, bool sum)
{
    __shared__ REAL parts[THREADS];
    parts[threadIdx.x] = value;
    __syncthreads();
    for (unsigned int half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            REAL other = parts[threadIdx.x + half];
            parts[threadIdx.x] = sum ? parts[threadIdx.x] + other : smaller(parts[threadIdx.x], other);
        }
        __syncthreads();
    }
    REAL result = parts[0];
    __syncthreads();
    return result;
}

// The smallest of some positive numbers; they are ordered as their bits are.
__device__ inline void keep_smallest(double *place, double value)
{
    atomicMin((unsigned long long *)place, *(unsigned long long *)&value);
}

__device__ inline void keep_smallest(float *place, float value)
{
    atomicMin((unsigned int *)place, *(unsigned int *)&value);
}

// One event of an L1-free path: a block for each problem.
extern "C" __global__ void user_event(
    long long users, int mean, long long limit, REAL infinity, const REAL *scores, const REAL *thresholds,
    const REAL *score_rate, const bool *active, const REAL *active_steps, const REAL *step, const bool *has_gradient,
    const int *status,
    const long long *iterations, REAL *new_scores, REAL *new_active_steps, bool *still, REAL *switched,
    long long *steps, int *new_status)
{
    const long long problem = blockIdx.x, start = problem * users;
    REAL count = 0, squared = 0;
    for (long long user = threadIdx.x; user < users; user += blockDim.x)
        if (active[start + user]) {
            count += 1;
            squared += score_rate[start + user];
        }
    count = block_reduce(count, true);
    squared = block_reduce(squared, true);
    const long long left = limit - iterations[problem];
    int ends = status[problem];
    if (ends == 0) {
        if (count == 0) ends = 1;
        else if (!has_gradient[problem] || squared <= 0) ends = 2;
        else if (left <= 0) ends = 3;
    }
    const REAL share = mean && ends == 0 ? 1 / count : (REAL)1;
    const REAL pace = step[problem] * share;
    REAL first = infinity;
    for (long long user = threadIdx.x; user < users; user += blockDim.x) {
        const REAL rate = pace * score_rate[start + user];
        const bool on = active[start + user];
        if (on ? rate > 0 : rate < 0) {
            const REAL away = (thresholds[start + user] - scores[start + user]) / rate;
            first = smaller(first, on ? (REAL)floor((double)away) + 1 : (REAL)ceil((double)away));
        }
    }
    first = larger(block_reduce(first, false), (REAL)1);
    const REAL taking = ends == 0 ? smaller(first, (REAL)left) : (REAL)0;
    for (long long user = threadIdx.x; user < users; user += blockDim.x) {
        const long long at = start + user;
        const bool on = active[at];
        const REAL score = scores[at] + taking * (pace * score_rate[at]);
        const bool stays = ends == 0 ? score <= thresholds[at] : on;
        new_scores[at] = score;
        new_active_steps[at] = active_steps[at] + (on ? taking * share : (REAL)0);
        still[at] = stays;
        switched[at] = (REAL)stays - (REAL)on;
    }
    if (threadIdx.x == 0) {
        steps[problem] = (long long)taking;
        new_status[problem] = ends;
    }
}

// A change put back into its bounds, and onto a bound where steps of this size as good as touch it.
__device__ inline REAL within(
    REAL change, REAL drift, const REAL *low, const REAL *high, long long at, REAL infinity)
{
    if (low) {
        const REAL bound = low[at], near = (REAL)NEAR_ZERO * larger(size_of(bound), size_of(drift));
        if (change < (bound > -infinity ? bound + near : bound)) change = bound;
    }
    if (high) {
        const REAL bound = high[at], near = (REAL)NEAR_ZERO * larger(size_of(bound), size_of(drift));
        if (change > (bound < infinity ? bound - near : bound)) change = bound;
    }
    return change;
}

// Step, soft threshold and bounds, and for how many steps they will do the same: rows of blocks for each problem.
extern "C" __global__ void coordinate_rates(
    long long features, REAL infinity, const REAL *change, const REAL *drift, const REAL *shrinkage, const REAL *low,
    const REAL *high, long long low_stride, long long high_stride, REAL *moved, REAL *rate, REAL *safe)
{
    const long long problem = blockIdx.y, start = problem * features;
    if (low) low += problem * low_stride;
    if (high) high += problem * high_stride;
    REAL first = infinity;
    for (long long k = blockIdx.x * (long long)blockDim.x + threadIdx.x; k < features;
         k += (long long)gridDim.x * blockDim.x) {
        const REAL now = change[start + k], drifts = drift[start + k], shrinks = shrinkage[start + k];
        const REAL sum = now + drifts, near = (REAL)NEAR_ZERO * shrinks;
        const REAL beyond = size_of(sum) - shrinks, alone = size_of(drifts) - shrinks;
        REAL next = within(beyond > near ? sign_of(sum) * beyond : (REAL)0, drifts, low, high, k, infinity);
        if (!(size_of(next - now) > near)) next = now;
        const REAL moves = next - now;
        const REAL from_zero = alone > near ? sign_of(drifts) * alone : (REAL)0;
        const REAL freely = now != 0 ? drifts - sign_of(now) * shrinks : from_zero;
        if (moves != 0 && freely != 0) {
            const REAL speed = size_of(freely);
            if (now * freely < 0) first = smaller(first, (REAL)ceil((double)((size_of(now) - near) / speed)) - 1);
            if (low && freely < 0) first = smaller(first, (REAL)floor((double)(size_of(low[k] - now) / speed)));
            if (high && freely > 0) first = smaller(first, (REAL)floor((double)(size_of(high[k] - now) / speed)));
        }
        moved[start + k] = next;
        rate[start + k] = moves;
    }
    first = larger(block_reduce(first, false), (REAL)1);
    if (threadIdx.x == 0) keep_smallest(safe + problem, first);
}

// Users above their thresholds with the first 1, 2, ... of some changes: a thread for each user.
extern "C" __global__ void count_successes(
    long long users, long long changes, const REAL *columns, const REAL *change, const REAL *totals, const REAL *scores,
    const REAL *thresholds, REAL *new_totals, int *successes)
{
    const long long user = blockIdx.x * (long long)blockDim.x + threadIdx.x;
    REAL total = user < users ? totals[user] : (REAL)0;
    for (long long k = 0; k < changes; k++) {
        if (user < users) total += columns[user * changes + k] * change[k];
        const int above = __syncthreads_count(user < users && total + scores[user] > thresholds[user]);
        if (threadIdx.x == 0 && above) atomicAdd(successes + k, above);
    }
    if (user < users) new_totals[user] = total;
}
"""


def source(dtype):
    """The kernels' source for one type of numbers."""
    name = {np.dtype(np.float64): "double", np.dtype(np.float32): "float"}[np.dtype(dtype)]
    return f"#define REAL {name}\n#define THREADS {THREADS}\n#define NEAR_ZERO {ZERO!r}\n{SOURCE}"


def load(cupy, dtype):
    """The kernels, compiled for the present CUDA device.

    Parameters
    ----------
    cupy : module
    dtype : type
        float64 or float32.

    Returns
    -------
    Kernels
    """
    return Kernels(cupy, dtype, cupy.RawModule(code=source(dtype), options=OPTIONS), THREADS)


class Kernels:
    """Fused forms of some array functions, with the parameters and results of their twins.

    Parameters
    ----------
    xp : array namespace
    dtype : type
    module : object
        Its ``get_function(name)`` is called with grid, block and arguments, as CuPy's.
    threads : int
        Of a block: a power of two, at most `THREADS`.
    """

    def __init__(self, xp, dtype, module, threads):
        self.xp, self.real, self.threads = xp, np.dtype(dtype).type, threads
        self._user_event = module.get_function("user_event")
        self._coordinate_rates = module.get_function("coordinate_rates")
        self._count_successes = module.get_function("count_successes")

    def user_event(
        self, xp, scores, thresholds, score_rate, active, active_steps, step, has_gradient, status, iterations, settings
    ):
        """As `leaping.user_event`."""
        users, problems = scores.shape[-1], status.size
        arrays = [
            xp.ascontiguousarray(one)
            for one in (scores, thresholds, score_rate, active, active_steps, step, has_gradient, status)
        ]
        found = (
            xp.empty_like(arrays[0]), xp.empty_like(arrays[0]), xp.empty_like(arrays[3]), xp.empty_like(arrays[0]),
            xp.empty_like(iterations), xp.empty_like(arrays[7]),
        )  # fmt: skip
        mean = np.int32(settings.aggregate == "mean")
        numbers = (np.int64(users), mean, np.int64(settings.max_iterations), self.real(np.inf))
        self._user_event((problems,), (self.threads,), (*numbers, *arrays, iterations, *found))
        return found

    def coordinate_rates(self, xp, change, drift, shrinkage, constraints):
        """As `leaping.coordinate_rates`."""
        *stack, features = change.shape
        problems = int(np.prod(stack))
        arrays = [xp.ascontiguousarray(one) for one in (change, drift, xp.broadcast_to(shrinkage, change.shape))]
        bounds, strides = [], []
        for bound in (constraints.low, constraints.high):
            if bound is not None:
                shape = change.shape if bound.ndim > 1 else (features,)
                bound = xp.ascontiguousarray(xp.broadcast_to(xp.asarray(bound, dtype=self.real), shape))
            bounds.append(xp.uintp(0) if bound is None else bound)
            strides.append(np.int64(features if bound is not None and bound.ndim > 1 else 0))
        moved, rate = xp.empty_like(arrays[0]), xp.empty_like(arrays[0])
        safe = xp.full(stack, xp.inf, dtype=change.dtype)
        blocks = max(1, min(-(-features // self.threads), 1024))
        numbers = (np.int64(features), self.real(np.inf))
        self._coordinate_rates(
            (blocks, problems), (self.threads,), (*numbers, *arrays, *bounds, *strides, moved, rate, safe)
        )
        return moved, rate, safe

    def count_successes(self, columns, change, totals, scores, thresholds):
        """As `thresholding.count_successes`, for arrays on the host: what is found comes back there."""
        xp = self.xp
        given = (columns, change, totals, scores, thresholds)
        arrays = [xp.ascontiguousarray(xp.asarray(one, dtype=self.real)) for one in given]
        users, changes = columns.shape
        found = xp.empty(users, dtype=self.real), xp.zeros(changes, dtype=np.int32)
        blocks = max(1, -(-users // self.threads))
        self._count_successes((blocks,), (self.threads,), (np.int64(users), np.int64(changes), *arrays, *found))
        new_totals, successes = (one.get() if hasattr(one, "get") else one for one in found)
        return successes, new_totals
