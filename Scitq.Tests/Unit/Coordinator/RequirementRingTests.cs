using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

[Trait("Level", "Unit")]
public sealed class RequirementRingTests
{
    [Theory]
    [InlineData("a>a", "a"), InlineData("a>b b>a", "ab"), InlineData("x>a a>b b>c c>a", "abc"), InlineData("a>b a>c b>d c>d d>b", "bd")]
    [InlineData("a>b b>c a>c", null), InlineData("a>b b>c d>c e>d e>b", null), InlineData("", null)]
    public void A_ring_is_found_and_nothing_else(string edges, string? ring)
    {
        var tasks = edges.Split(' ', StringSplitOptions.RemoveEmptyEntries).GroupBy(e => e[0])
            .Select(g => (Id(g.Key), g.Select(e => Id(e[2])).ToList().AsEnumerable())).ToList();
        Assert.Equal(ring?.Select(Id), RequirementRing.Find(tasks));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_chain_of_many_thousands_is_followed_to_its_end()
    {
        const int Count = 20_000;
        var chain = Enumerable.Range(1, Count).Select(i => (Number(i), (IEnumerable<Guid>)[Number(i + 1), Number(Math.Min(i + 2, Count + 1))])).ToList();
        Assert.Null(await Task.Run(() => RequirementRing.Find(chain)));
        Assert.Equal(Count + 1, RequirementRing.Find([.. chain, (Number(Count + 1), [Number(1)])])!.Count);
    }

    [Fact]
    public void A_long_ring_is_told_in_one_line()
    {
        Assert.Equal($"task {Id('a')} requires itself; nothing was queued.", new RequirementRingException([Id('a')]).Message);
        Assert.InRange(new RequirementRingException([.. Enumerable.Range(1, 1000).Select(Number)]).Message.Length, 100, 400);
    }

    private static Guid Id(char name) => Number(name);

    private static Guid Number(int n) => new(n, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);
}
