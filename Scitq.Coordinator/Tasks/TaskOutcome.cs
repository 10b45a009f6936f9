namespace Scitq.Coordinator.Tasks;

/// <summary>What came of one event, once it is saved.</summary>
/// <param name="Task">The task as its group left it; null when there is no such task.</param>
/// <param name="Answer">What the event is answered.</param>
internal readonly record struct TaskOutcome(TaskSaga? Task, TaskAnswer Answer);
