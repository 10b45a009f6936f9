namespace Scitq.Coordinator.Tasks;

/// <summary>
/// Finds tasks of one submission that require each other. Over several submissions there is no ring: what a task requires must be there, and is fixed
/// when it is queued.
/// </summary>
internal static class RequirementRing
{
    /// <summary>The tasks of a ring, each requiring the next and the last the first; null when there is none.</summary>
    public static IReadOnlyList<Guid>? Find(IReadOnlyList<(Guid Task, IEnumerable<Guid> Required)> tasks)
    {
        var edges = new Dictionary<Guid, IEnumerable<Guid>>();
        foreach (var (task, required) in tasks) edges.TryAdd(task, required);
        var done = new HashSet<Guid>();
        // Not recursive: twenty thousand tasks may form one chain.
        var path = new List<Guid>();
        var onPath = new HashSet<Guid>();
        var open = new Stack<IEnumerator<Guid>>();
        foreach (var start in edges.Keys)
        {
            if (done.Contains(start)) continue;
            Enter(start);
            while (open.TryPeek(out var next))
            {
                if (!next.MoveNext())
                {
                    open.Pop();
                    done.Add(path[^1]);
                    onPath.Remove(path[^1]);
                    path.RemoveAt(path.Count - 1);
                }
                else if (onPath.Contains(next.Current))
                {
                    return path[path.IndexOf(next.Current)..];
                }
                else if (edges.ContainsKey(next.Current) && !done.Contains(next.Current))
                {
                    Enter(next.Current);
                }
            }
        }

        return null;

        void Enter(Guid task)
        {
            path.Add(task);
            onPath.Add(task);
            open.Push(edges[task].GetEnumerator());
        }
    }
}
