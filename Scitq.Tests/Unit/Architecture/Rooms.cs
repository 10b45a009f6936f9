using System.Reflection;
using NetArchTest.Rules;

namespace Scitq.Tests.Unit.Architecture;

/// <summary>The feature folders of one project, and which of them each may know.</summary>
/// <param name="project">Their assembly.</param>
/// <param name="root">The namespace above them.</param>
/// <param name="allowed">Each folder by its name, with those it may know.</param>
/// <param name="common">Types that every folder may know.</param>
internal sealed class Rooms(Assembly project, string root, IReadOnlyDictionary<string, string[]> allowed, params Type[] common)
{
    /// <summary>The folders that there are.</summary>
    public IEnumerable<string> There => project.GetTypes().Select(RoomOf).OfType<string>().Distinct();

    /// <summary>The folders that the rules name.</summary>
    public IEnumerable<string> Named => allowed.Keys;

    /// <summary>Which types of a folder know something that they may not.</summary>
    public IEnumerable<string> Violations(string room) => Knowing(room, There.Where(other => other != room && !allowed[room].Contains(other)));

    /// <summary>Which types of a folder know something of others.</summary>
    public IEnumerable<string> Knowing(string room, IEnumerable<string> others)
    {
        var forbidden = others.ToHashSet();
        // Rows are data: the map of the database knows those of all folders, and folders hand them to each other.
        string[] types = [.. project.GetTypes()
            .Where(t => !t.IsNested && RoomOf(t) is { } of && forbidden.Contains(of) && !t.Name.EndsWith("Row", StringComparison.Ordinal)
                && !common.Contains(t))
            .Select(t => t.FullName!)];
        if (types.Length == 0) return [];
        var result = Types.InAssembly(project).That().ResideInNamespace($"{root}.{room}").ShouldNot().HaveDependencyOnAny(types).GetResult();
        return result.IsSuccessful ? [] : result.FailingTypes.Select(t => $"{t.FullName}: {t.Explanation}");
    }

    /// <summary>A way from a folder to itself by what the rules allow; null when there is none.</summary>
    public string? Ring()
    {
        var left = allowed.ToDictionary(a => a.Key, a => a.Value.ToHashSet());
        while (left.FirstOrDefault(l => !l.Value.Overlaps(left.Keys)) is { Key: { } free }) left.Remove(free);
        return left.Count == 0 ? null : string.Join(", ", left.Keys);
    }

    private string? RoomOf(Type type) =>
        type.Namespace is { } name && name.StartsWith(root + ".", StringComparison.Ordinal) ? name[(root.Length + 1)..].Split('.')[0] : null;
}
