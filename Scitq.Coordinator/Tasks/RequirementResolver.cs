using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>Finds the tasks that submissions require, by number or GUID.</summary>
internal sealed class RequirementResolver(ITaskLookup lookup)
{
    /// <summary>What each submission requires, in its order; tasks of one request may require each other.</summary>
    /// <exception cref="RequirementException">A required task does not exist, or tasks require each other in a ring.</exception>
    public async Task<IReadOnlyList<IReadOnlyList<RequirementRow>>> ResolveAsync(IReadOnlyList<SubmitTask> submitted, CancellationToken ct)
    {
        var texts = submitted.SelectMany(t => t.Spec.Requirements.Concat(t.Spec.AfterAny)).Distinct().ToList();
        var required = await FindAsync(texts, submitted.Select(t => t.TaskId), ct);
        var resolved = new IReadOnlyList<RequirementRow>[submitted.Count];
        var edges = new List<(Guid, IEnumerable<Guid>)>();
        for (var i = 0; i < resolved.Length; i++)
        {
            resolved[i] = Rows(submitted[i].TaskId, submitted[i].Spec, required);
            if (resolved[i].Count > 0) edges.Add((submitted[i].TaskId, resolved[i].Select(r => r.RequiredId)));
        }

        return RequirementRing.Find(edges) is { } ring ? throw new RequirementRingException(ring) : resolved;
    }

    /// <summary>What a task requires, by a specification whose ids were found. A task whose success it requires need not be named as ended.</summary>
    private static IReadOnlyList<RequirementRow> Rows(Guid task, TaskSpec spec, Dictionary<string, Guid> found)
    {
        if (spec.Requirements.Count + spec.AfterAny.Count == 0) return [];
        var cancels = spec.OnRequirementFailure == RequirementFailure.Cancel;
        var rows = spec.Requirements.Select(id => found[id]).Distinct()
            .Select(id => new RequirementRow { TaskId = task, RequiredId = id, Cancels = cancels }).ToList();
        rows.AddRange(spec.AfterAny.Select(id => found[id]).Distinct().Where(id => !rows.Exists(r => r.RequiredId == id)).ToList()
            .Select(id => new RequirementRow { TaskId = task, RequiredId = id, AfterAny = true }));
        return rows;
    }

    private async Task<Dictionary<string, Guid>> FindAsync(IReadOnlyCollection<string> texts, IEnumerable<Guid> beside, CancellationToken ct)
    {
        var resolved = new Dictionary<string, Guid>();
        if (texts.Count == 0) return resolved;

        var asked = texts.ToDictionary(t => t, t => TaskId.TryParse(t, out var id) ? id : throw new UnknownRequirementException(t));
        var numbers = asked.Values.Where(x => x.Number is not null).Select(x => x.Number!.Value).ToArray();
        var ids = asked.Values.Where(x => x.Guid is not null).Select(x => x.Guid!.Value).ToArray();
        var known = await lookup.ExistingAsync(numbers, ids, ct);
        var byNumber = known.ToDictionary(x => x.Number, x => x.Id);
        var existing = known.Select(x => x.Id).Concat(beside).ToHashSet();
        foreach (var (text, id) in asked)
        {
            if (id.Guid is { } guid && existing.Contains(guid)) resolved[text] = guid;
            else if (id.Number is { } number && byNumber.TryGetValue(number, out var found)) resolved[text] = found;
            else throw new UnknownRequirementException(text);
        }

        return resolved;
    }
}
