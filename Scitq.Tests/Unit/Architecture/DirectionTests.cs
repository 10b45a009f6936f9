using System.Reflection;
using Scitq.Coordinator;

namespace Scitq.Tests.Unit.Architecture;

/// <summary>Which project and which feature folder may know which. Another direction is a decision, and is made here.</summary>
[Trait("Level", "Unit")]
public sealed class DirectionTests
{
    private static readonly Dictionary<string, string[]> Projects = new()
    {
        ["Scitq.Contracts"] = [],
        ["Scitq.Access"] = [],
        ["Scitq.Fetch"] = ["Scitq.Contracts"],
        ["Scitq.Hosting"] = ["Scitq.Access", "Scitq.Contracts"],
        ["scitq-coordinator"] = ["Scitq.Access", "Scitq.Contracts", "Scitq.Hosting"],
        ["scitq-agent"] = ["Scitq.Access", "Scitq.Contracts", "Scitq.Fetch", "Scitq.Hosting"],
        ["scitq-tools"] = ["Scitq.Access", "Scitq.Contracts", "Scitq.Fetch"],
        ["scitq-standalone"] = ["Scitq.Access", "Scitq.Contracts", "Scitq.Hosting", "scitq-agent", "scitq-coordinator"],
    };

    private static readonly Rooms Coordinator = new(typeof(CoordinatorHost).Assembly, "Scitq.Coordinator", new Dictionary<string, string[]>
    {
        // Tasks declares what it needs of the others: a store, a lookup, observers of what is committed.
        ["Tasks"] = [],
        ["Persistence"] = ["Tasks"],
        ["Batches"] = ["Persistence", "Tasks"],
        ["Leases"] = ["Persistence", "Tasks"],
        ["Logs"] = ["Tasks"],
        ["Webhooks"] = ["Persistence", "Tasks"],
        ["Reuse"] = ["Persistence", "Tasks"],
        ["Usage"] = ["Persistence"],
        ["Workers"] = ["Batches", "Leases", "Persistence", "Tasks", "Usage", "Webhooks"],
        ["Retention"] = ["Batches", "Logs", "Persistence", "Tasks"],
        ["Bus"] = ["Batches", "Leases", "Logs", "Persistence", "Reuse", "Tasks", "Workers"],
        ["Health"] = ["Bus", "Leases", "Logs", "Persistence", "Tasks"],
        ["Api"] = ["Batches", "Health", "Leases", "Logs", "Persistence", "Retention", "Tasks", "Usage", "Workers"],
    });

    public static TheoryData<string> AllProjects() => [.. Projects.Keys];

    public static TheoryData<string> RoomsOfTheCoordinator() => [.. Coordinator.Named];

    [Theory]
    [MemberData(nameof(AllProjects))]
    public void A_project_knows_only_those_below_it(string project)
    {
        var known = Assembly.Load(project).GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith("scitq", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(known.Except(Projects[project]));
    }

    [Theory]
    [MemberData(nameof(RoomsOfTheCoordinator))]
    public void A_feature_of_the_coordinator_knows_only_those_it_may(string room) => Assert.Empty(Coordinator.Violations(room));

    [Fact]
    public void Every_feature_has_its_rule_and_the_rules_allow_no_ring()
    {
        Assert.Equal(Coordinator.Named.Order(), Coordinator.There.Order());
        Assert.Null(Coordinator.Ring());
    }

    /// <summary>A checker that cannot fail proves nothing.</summary>
    [Theory]
    [InlineData("Workers", "Tasks", "HeldLeases")]
    [InlineData("Bus", "Workers", "WorkersConsumer")]
    [InlineData("Bus", "Reuse", "ReuseConsumer")]
    [InlineData("Persistence", "Tasks", "TaskLookup")]
    public void The_checker_finds_what_is_there(string room, string other, string type) =>
        Assert.Contains(Coordinator.Knowing(room, [other]), found => found.Contains("." + type, StringComparison.Ordinal));
}
