using Scitq.Agent;
using Scitq.Agent.Runtimes.Native;

namespace Scitq.Tests.Unit.Architecture;

/// <summary>Which feature folder of the agent may know which, from the lowest to the highest. Another direction is a decision, and is made here.</summary>
[Trait("Level", "Unit")]
public sealed class AgentRoomsTests
{
    private static readonly Rooms Agent = new(typeof(AgentHosting).Assembly, "Scitq.Agent", new Dictionary<string, string[]>
    {
        // What any part needs to be one: how it is run, told and brought messages.
        ["Parts"] = [],
        ["Files"] = [],
        ["Bus"] = ["Parts"],
        ["Slots"] = ["Parts"],
        ["Journal"] = ["Files", "Parts"],
        ["Runtimes"] = ["Files", "Parts"],
        ["Machine"] = ["Parts", "Runtimes"],
        ["Secrets"] = ["Runtimes"],
        ["Disk"] = ["Files", "Journal", "Runtimes"],
        ["Staging"] = ["Disk", "Files", "Runtimes"],
        ["Logs"] = ["Bus", "Files", "Parts"],
        ["Reports"] = ["Bus", "Parts", "Slots"],
        ["Reuse"] = ["Bus", "Parts"],
        // Claims declares who takes what it is granted; it knows no attempt.
        ["Claims"] = ["Bus", "Journal", "Parts", "Slots"],
        ["Attempts"] = ["Claims", "Disk", "Files", "Journal", "Logs", "Parts", "Reports", "Reuse", "Runtimes", "Secrets", "Slots", "Staging"],
        ["Workers"] = ["Attempts", "Bus", "Claims", "Disk", "Files", "Journal", "Machine", "Parts", "Runtimes", "Slots", "Staging"],
        // A task at a terminal: staging and runtimes, without bus, journal of attempts or reports.
        ["Debugging"] = ["Disk", "Files", "Journal", "Runtimes", "Secrets", "Staging"],
    }, typeof(Posix), typeof(RunAs));

    public static TheoryData<string> RoomsOfTheAgent() => [.. Agent.Named];

    [Theory]
    [MemberData(nameof(RoomsOfTheAgent))]
    public void A_feature_of_the_agent_knows_only_those_it_may(string room) => Assert.Empty(Agent.Violations(room));

    [Fact]
    public void Every_feature_has_its_rule_and_the_rules_allow_no_ring()
    {
        Assert.Equal(Agent.Named.Order(), Agent.There.Order());
        Assert.Null(Agent.Ring());
    }

    /// <summary>A checker that cannot fail proves nothing.</summary>
    [Theory]
    [InlineData("Workers", "Attempts", "Drain")]
    [InlineData("Attempts", "Claims", "AttemptStarter")]
    [InlineData("Claims", "Journal", "ClaimAnswers")]
    public void The_checker_finds_what_is_there(string room, string other, string type) =>
        Assert.Contains(Agent.Knowing(room, [other]), found => found.Contains("." + type, StringComparison.Ordinal));
}
