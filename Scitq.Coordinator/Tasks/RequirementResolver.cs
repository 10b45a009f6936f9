using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>Finds the tasks that submissions and updates require, by number or GUID.</summary>
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
            resolved[i] = Rows(submitted[i].TaskId, submitted[i].Spec, required)!;
            if (resolved[i].Count > 0) edges.Add((submitted[i].TaskId, resolved[i].Select(r => r.RequiredId)));
        }

        return RequirementRing.Find(edges) is { } ring ? throw new RequirementRingException([.. ring]) : resolved;
    }

    /// <summary>See <see cref="ITaskLookup.LockRequirementsAsync"/>.</summary>
    public Task<IAsyncDisposable> LockAsync(CancellationToken ct) => lookup.LockRequirementsAsync(ct);

    /// <summary>The tasks that changed specifications require, by the ids they name them by. The caller holds the lock on all requirements.</summary>
    /// <exception cref="RequirementException">A required task does not exist, or tasks would require each other in a ring.</exception>
    public async Task<IReadOnlyDictionary<string, Guid>> ResolveAsync(IReadOnlyDictionary<Guid, TaskSpec> changed, CancellationToken ct)
    {
        var found = await FindAsync([.. changed.Values.SelectMany(s => s.Requirements.Concat(s.AfterAny)).Distinct()], [], ct);
        var edges = changed.ToDictionary(c => c.Key, c => Rows(c.Key, c.Value, found)!.Select(r => r.RequiredId).ToList());
        // All that lies behind what they require: a ring leads back to one of them.
        for (List<Guid> level = [.. edges.Values.SelectMany(r => r)]; level.Count > 0;)
        {
            level = [.. level.Distinct().Where(id => !edges.ContainsKey(id))];
            var rows = (await lookup.RequirementsOfAsync(level, ct)).ToLookup(r => r.TaskId, r => r.RequiredId);
            foreach (var id in level) edges.Add(id, [.. rows[id]]);
            level = [.. rows.SelectMany(r => r)];
        }

        if (RequirementRing.Find([.. edges.Select(e => (e.Key, e.Value.AsEnumerable()))]) is not { } ring) return found;
        var numbers = (await lookup.ExistingAsync([], [.. ring], ct)).ToDictionary(t => t.Id, t => t.Number);
        throw new RequirementRingException([.. ring.Select(id => numbers.TryGetValue(id, out var number) ? (object)number : id)]);
    }

    /// <summary>
    /// What a task requires, by a specification; null when it names an id that was not looked for. A task whose success it requires need not be named
    /// as ended.
    /// </summary>
    public static IReadOnlyList<RequirementRow>? Rows(Guid task, TaskSpec spec, IReadOnlyDictionary<string, Guid> found)
    {
        if (spec.Requirements.Count + spec.AfterAny.Count == 0) return [];
        if (!spec.Requirements.Concat(spec.AfterAny).All(found.ContainsKey)) return null;
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
