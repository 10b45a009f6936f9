using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Docker;

namespace Scitq.Tests.Unit.Contracts;

/// <summary>URIs and docker options are types here and plain text on the wire, and one that is bad spoils nothing beside it.</summary>
[Trait("Level", "Unit")]
public sealed class TaskSpecJsonTests
{
    private const string Sent =
        """
        {"argv":["true"],"batch":"b","image":"img","dockerOptions":["-e","A=b","--gpus=all"],
        "inputs":["s3://b/a//./c|untar","file:///d e|mv:x/y"],"resources":["run+fastq@sra@ftp://SRR1","HTTPS://is no URI"],"output":"s3://b/out"}
        """;

    public static TheoryData<string, string> Bad => new()
    {
        { """{"argv":["x"],"inputs":["file:///a","nowhere/x"]}""", "input 'nowhere/x' is not a URI: it has no scheme" },
        { """{"argv":["x"],"inputs":[null]}""", "one input is null." },
        { """{"argv":["x"],"resources":["gopher://x"]}""", "resource 'gopher://x' has the unsupported protocol 'gopher'" },
        { """{"argv":["x"],"resources":["s3://key:secret@bucket/x"]}""", "resource 's3://***@bucket/x' holds credentials" },
        { """{"argv":["x"],"output":"file:///x|untar"}""", "output 'file:///x|untar' carries an action" },
        { """{"argv":["x"],"output":"http://h/x"}""", "output 'http://h/x' is of a scheme that can't be written to" },
        { """{"argv":["x"],"output":"out"}""", "output 'out' is not a URI" },
        { """{"argv":["x"],"inputs":null}""", "one of inputs, resources, requirements, after_any, docker_options, env and secrets is null" },
        { """{"argv":["x"],"image":"i","dockerOptions":null}""", "one of inputs, resources, requirements, after_any, docker_options, env and secrets is null" },
        { """{"argv":["x"],"image":"i","dockerOptions":[null]}""", "the docker options hold a NUL byte." },
        { """{"argv":["x"],"image":"i","dockerOptions":["--nonsense"]}""", "docker option --nonsense is not known" },
        { """{"argv":["x"],"dockerOptions":["--init"]}""", "docker options were given without a docker image (-d)." },
    };

    [Fact]
    public void Texts_come_back_as_they_were_sent()
    {
        var spec = JsonSerializer.Deserialize<TaskSpec>(Sent, ScitqJson.Bus)!;
        using var sent = JsonDocument.Parse(Sent);
        using var back = JsonDocument.Parse(JsonSerializer.Serialize(spec, ScitqJson.Bus));
        foreach (var member in sent.RootElement.EnumerateObject())
            Assert.True(JsonElement.DeepEquals(member.Value, back.RootElement.GetProperty(member.Name)), member.Name);
        Assert.Equal(["s3", "file"], spec.Inputs.Select(u => u.Scheme));
        Assert.Equal("b", spec.DockerOptions.Env["A"]);
        Assert.Single(spec.DockerOptions.Gpus);
    }

    [Theory, MemberData(nameof(Bad))]
    public void A_bad_value_is_read_and_refused_by_the_rules(string json, string problem) =>
        Assert.StartsWith(problem, TaskSpecRules.Problem(JsonSerializer.Deserialize<TaskSpec>(json, ScitqJson.Bus)!), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"argv":["x"],"inputs":[7]}""", "$.inputs[0]"), InlineData("""{"argv":["x"],"output":{}}""", "$.output")]
    [InlineData("""{"argv":["x"],"dockerOptions":"--init"}""", "$.dockerOptions"), InlineData("""{"argv":["x"],"dockerOptions":[1]}""", "$.dockerOptions")]
    public void A_value_of_another_kind_is_named_by_its_member(string json, string path)
    {
        var error = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TaskSpec>(json, ScitqJson.Bus));
        Assert.StartsWith(path, error.Path, StringComparison.Ordinal);
        Assert.Contains("could not be converted", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://b/a//./c//d|untar", "s3://b/a/c/d|untar"), InlineData("file:////x/././y", "file:///x/y"), InlineData("s3://b/a", "s3://b/a")]
    public void A_plain_URI_has_no_empty_and_no_dot_parts(string text, string plain)
    {
        Assert.Equal(DataUri.Parse(plain), DataUri.Parse(text).Plain());
        Assert.Equal(text == plain, DataUri.Parse(text).Plain() == DataUri.Parse(text));
    }

    [Fact]
    public void URIs_are_equal_when_they_mean_the_same()
    {
        Assert.Equal(DataUri.Parse("run+fastq@sra://SRR1"), DataUri.Parse("run+fastq@sra://SRR1"));
        // The one is a file of that name, the other an archive to unpack.
        Assert.NotEqual(DataUri.ForFile("/x|untar"), DataUri.Parse("file:///x|untar"));
        Assert.Same(DockerRunOptions.None, JsonSerializer.Deserialize<DockerRunOptions>("[]", ScitqJson.Bus));
    }
}
