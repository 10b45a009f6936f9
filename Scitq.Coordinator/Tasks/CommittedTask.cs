namespace Scitq.Coordinator.Tasks;

/// <summary>A task that was just saved, and what its group made of it.</summary>
internal readonly record struct CommittedTask(TaskSaga Task, TaskEffects Effects);
