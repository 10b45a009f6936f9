namespace Scitq.Coordinator.Api.Actions;

/// <summary>A task that was asked for and was not changed; <paramref name="TaskId"/> is a number, or the GUID that no task has.</summary>
internal sealed record SkippedView(object TaskId, string Why);
