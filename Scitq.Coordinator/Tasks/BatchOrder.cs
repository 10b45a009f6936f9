namespace Scitq.Coordinator.Tasks;

/// <summary>In which order the tasks of a batch start. The default is that of a batch in which nobody has given a priority: as their messages come.</summary>
/// <param name="Priority">The priority of tasks that are given none of their own.</param>
/// <param name="Ordered">Whether a claim gets the task whose turn it is.</param>
internal readonly record struct BatchOrder(int Priority, bool Ordered);
