namespace Scitq.Coordinator.Api.Actions;

/// <summary>The outcome of an action on many tasks.</summary>
internal sealed record ActionView(int Matched, int Done, IReadOnlyList<long> Tasks, IReadOnlyList<SkippedView> Skipped)
{
    /// <summary>Of a dry run, for the first of the tasks that would be changed themselves, what would change.</summary>
    public IReadOnlyList<ChangeView> Changes { get; init; } = [];
}
