namespace Scitq.Coordinator.Tasks;

/// <summary>What a group of events begins with.</summary>
/// <param name="Tasks">The rows there are of its tasks.</param>
/// <param name="Batches">Those of its batches in which priorities are in use.</param>
internal sealed record LoadedTasks(Dictionary<Guid, TaskSaga> Tasks, IReadOnlyDictionary<string, BatchOrder> Batches);
