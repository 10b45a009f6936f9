namespace Scitq.Coordinator.Api.Actions;

/// <summary>The outcome of an action on many tasks.</summary>
internal sealed record ActionView(int Matched, int Done, IReadOnlyList<long> Tasks, IReadOnlyList<SkippedView> Skipped);
