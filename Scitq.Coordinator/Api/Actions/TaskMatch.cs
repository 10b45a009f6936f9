using Scitq.Contracts;

namespace Scitq.Coordinator.Api.Actions;

/// <summary>A task that an action is asked for, as it was when it was found.</summary>
internal sealed record TaskMatch(Guid Id, long Number, TaskState State);
