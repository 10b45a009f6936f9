using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Api.WorkerActions;

/// <summary>A worker with which something was done.</summary>
/// <param name="Worker">Its name.</param>
/// <param name="WorkerId">Its number.</param>
/// <param name="Note">What is still to come of it.</param>
/// <param name="OrderId">The order that it was given, if it was.</param>
/// <param name="Kind">What is ordered.</param>
/// <param name="Created">When it was.</param>
internal sealed record WorkerActed(string Worker, long WorkerId, string? Note, long? OrderId, WorkerOrderKind? Kind, DateTime? Created);

/// <summary>The outcome of an action on many workers; of a dry run, on which it would be.</summary>
internal sealed record WorkerActionView(int Matched, int Done, IReadOnlyList<WorkerActed> Workers, IReadOnlyList<WorkerSkipped> Skipped);

/// <summary>A worker that was asked for and left alone.</summary>
internal sealed record WorkerSkipped(string Worker, string Why);
