namespace Scitq.Coordinator.Tasks;

/// <summary>Adds rows of its own to what a group of events changes, to be saved in the same transaction. There need be none.</summary>
internal interface ICommitAddition
{
    void Add(IReadOnlyCollection<TaskInHand> tasks, TaskChanges changes);
}
