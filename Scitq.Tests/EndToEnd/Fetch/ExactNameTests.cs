using Scitq.Tests.EndToEnd.Acceptance;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Fetch;

/// <summary>Names whose bytes are no UTF-8, as words of a command line.</summary>
[Trait("Level", "EndToEnd")]
public sealed class ExactNameTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_file_is_found_by_a_name_that_is_no_UTF8_and_one_that_is_not_there_is_named_as_it_was_given()
    {
        using var folder = new TestFolder();
        var script = $$"""
            cd {{folder.Path}} && name=$(printf 'caf\351') && mkdir "d$name" && echo here >"d$name/$name.txt" && mkdir other
            {{TestEnvironment.Bin}}/scitq-fetch copy "d$name/$name.txt" "file://{{folder.Path}}/other/" || exit 1
            cat "other/$name.txt"
            {{TestEnvironment.Bin}}/scitq-fetch copy "$name.gone" other/
            """;
        var ended = await ToolOutput.RunAsync("/bin/sh", ["-c", script], new Dictionary<string, string?>());
        Assert.Equal("here\n", ended.Out);
        Assert.NotEqual(0, ended.Code);
        Assert.Contains(@"caf\xe9.gone' does not exist", ended.Error, StringComparison.Ordinal);
    }
}
