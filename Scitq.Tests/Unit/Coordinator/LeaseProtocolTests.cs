using FsCheck;
using FsCheck.Fluent;

namespace Scitq.Tests.Unit.Coordinator;

[Trait("Level", "Unit")]
public sealed class LeaseProtocolTests
{
    private const int Decisions = 150;

    [Fact(Timeout = 900_000)]
    public async Task No_schedule_of_faults_loses_a_task_or_records_two_ends()
    {
        var worlds = await Task.Run(() => Run(100_000, fenced: true));
        Assert.Equal(100_000, worlds.Count);
        // The faults must bite: many tasks need several attempts, and some a retry of their upload.
        Assert.InRange(worlds.Count(w => w.Attempts > 1), 20_000, 100_000);
        Assert.InRange(worlds.Count(w => w.Redelivered), 100, 100_000);
        Assert.InRange(worlds.Count(w => w.TakenLate), 5_000, 100_000);
        Assert.InRange(worlds.Count(w => w.StoodStill), 500, 100_000);
    }

    /// <summary>A checker that cannot fail proves nothing.</summary>
    [Fact(Timeout = 300_000)]
    public async Task Without_the_agents_own_fence_the_checker_finds_foreign_outputs() =>
        await Assert.ThrowsAnyAsync<Exception>(() => Task.Run(() => Run(100_000, fenced: false)));

    private static List<(int Attempts, bool Redelivered, bool TakenLate, bool StoodStill)> Run(int schedules, bool fenced)
    {
        var step = Gen.Choose(0, 1_000_000).Two();
        var schedule = Arb.From(step.ListOf(Decisions), Shrink);
        var worlds = new List<(int, bool, bool, bool)>();
        var property = Prop.ForAll(schedule, steps =>
        {
            var world = Play(steps, fenced, traced: false);
            worlds.Add((world.Attempts, world.Redelivered, world.TakenLate, world.StoodStill));
            return (world.Violation is null)
                .Label(world.Violation is null ? "" : $"{world.Violation}:\n{string.Join('\n', Play(steps, fenced, traced: true).Trace!)}");
        });
        Check.One(Properties.Of(schedules), property);
        return worlds;
    }

    private static LeaseWorld Play(List<(int, int)> steps, bool fenced, bool traced)
    {
        var world = new LeaseWorld(retry: steps.Count % 3, fenced, pauses: fenced && steps is [(var first, _), ..] && first % 3 == 0, traced);
        foreach (var (decision, choice) in steps)
        {
            world.Step(decision, choice);
            if (world.Violation is not null) break;
        }

        world.Settle();
        return world;
    }

    /// <summary>Leaves out ever smaller parts.</summary>
    private static IEnumerable<List<(int, int)>> Shrink(List<(int, int)> steps)
    {
        for (var length = steps.Count / 2; length > 0; length /= 2)
            for (var start = 0; start + length <= steps.Count; start += length) yield return [.. steps[..start], .. steps[(start + length)..]];
    }
}
