namespace Scitq.Coordinator.Tasks;

/// <summary>
/// Told of each group of tasks once it is saved, in order: what the rest of the coordinator does about tasks hangs on this, and the tasks know none of
/// it. Must return at once. One that throws is logged, and takes part in nothing else.
/// </summary>
internal interface ICommitObserver
{
    void Committed(IReadOnlyList<CommittedTask> tasks);
}
