using Scitq.Agent.Parts;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class RepeatsTests
{
    [Fact]
    public void The_same_trouble_is_said_at_once_and_then_less_and_less_often()
    {
        var time = new Clock();
        var repeats = new Repeats(time);
        var said = new List<double>();
        for (var second = 0; second < 24 * 3600; second++, time.Seconds++)
            if (repeats.Says("the broker is away")) said.Add(second / 60.0);
        Assert.Equal([0, 1, 3, 7, 15, 31, 63, 123], said.Take(8));
        Assert.InRange(said.Count, 20, 32);
    }

    [Fact]
    public void Other_trouble_is_said_soon_and_so_is_the_next_after_it_was_over()
    {
        var time = new Clock();
        var repeats = new Repeats(time);
        Assert.True(repeats.Says("a"));
        Assert.False(repeats.Says("b"));
        time.Seconds += 20;
        Assert.True(repeats.Says("b"));
        Assert.True(repeats.Over());
        Assert.False(repeats.Over());
        Assert.True(repeats.Says("b"));
    }

    private sealed class Clock : TimeProvider
    {
        public long Seconds { get; set; } = 1;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
