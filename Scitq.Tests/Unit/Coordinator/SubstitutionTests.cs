using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

[Trait("Level", "Unit")]
public sealed class SubstitutionTests
{
    [Theory]
    [InlineData("s/a/b/", "b x|a aA"), InlineData("s/a/b/g", "b x|b bA"), InlineData("s/A/b/ig", "b x|b bb"), InlineData("s,a x,c,", "c|a aA")]
    [InlineData("s/(a) (.)/\\2 \\1&/g", "x aa x|a aa aA"), InlineData("s|a|\\||", "| x|a aA"), InlineData("s/ /\\n/", "a\nx|a aA"), InlineData("s/z/b/", "a x|a aA")]
    [InlineData("s/^a/$1/g", "$1 x|$1 aA"), InlineData(@"s/a\b/\\/", @"\ x|a aA")]
    public void What_matches_is_replaced_in_each_word(string given, string expected)
    {
        Assert.True(Substitution.TryParse(given, out var substitution, out _));
        Assert.Equal(expected, string.Join('|', substitution.Apply(["a x", "a aA"])));
    }

    [Theory]
    [InlineData("s/a/b", "not of the form"), InlineData("a/b/", "not of the form"), InlineData("s/a/b/c/", "not of the form"), InlineData("s//b/", "empty")]
    [InlineData("s/a/b/q", "flags 'q'"), InlineData("s/(/b/", "can't be used"), InlineData("s/(?=a)/b/", "can't be used")]
    public void What_can_not_be_used_is_refused(string given, string problem)
    {
        Assert.False(Substitution.TryParse(given, out _, out var told));
        Assert.Contains(problem, told);
    }
}
