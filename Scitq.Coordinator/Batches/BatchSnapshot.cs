using Scitq.Contracts;

namespace Scitq.Coordinator.Batches;

/// <summary>One consistent look at all batches.</summary>
internal sealed record BatchSnapshot(IReadOnlyList<string> Names, IReadOnlyDictionary<(string Batch, TaskState State), long> Counts)
{
    public long Count(string batch, TaskState state) => Counts.GetValueOrDefault((batch, state));
}
