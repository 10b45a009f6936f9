using System.Text;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Tools;

[Trait("Level", "Unit")]
public sealed class EntryFileTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Theory(Timeout = 60_000), InlineData("--each-line"), InlineData("--tsv")]
    public async Task Bytes_that_are_no_utf8_are_refused_with_line_and_column(string option)
    {
        var file = Write([.. "a\tb\nfine\tß\nCaf"u8, 0xe9, .. "\tx\n"u8]);
        var run = await ToolRun.Launch("-t", option, file, "echo");
        Assert.Equal(2, run.Code);
        Assert.Contains("line 3, column 4: the byte 0xE9 is not UTF-8", run.Error);
        Assert.Empty(run.Out.Replace("Command that would be sent: echo\n", ""));
    }

    [Theory(Timeout = 60_000), InlineData("utf-8"), InlineData("utf-16")]
    public async Task A_byte_order_mark_is_heeded(string encoding)
    {
        var text = Encoding.GetEncoding(encoding);
        var run = await ToolRun.Launch("-t", "--tsv", Write([.. text.GetPreamble(), .. text.GetBytes("name\nß\n")]), "echo", "{name}");
        Assert.Equal("Command that would be sent: echo 'ß'\n", run.Out);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("sample,file\na,b\n", "separated by tabs")]
    [InlineData("sample;file\na;b\n", "separated by tabs")]
    [InlineData("sampel\tfile\na\tb\n", "did you mean sampel?")]
    [InlineData("id\tfile\na\tb\n", "no column 'sample'")]
    public async Task A_placeholder_that_no_column_fills_is_an_error(string table, string expected)
    {
        var run = await ToolRun.RunAsync("scitq-launch", ["-t", "--tsv", "-", "-n", "{sample}", "cmd"], input: table);
        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains(expected, run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task Other_braces_stay_and_doubled_ones_become_single()
    {
        var run = await ToolRun.RunAsync("scitq-launch", ["-t", "--tsv", "-", "sh", "-c", "echo ${HOME} {} {a,b} {{print}} {x}"], input: "x\n1\n");
        Assert.Equal("Command that would be sent: sh -c 'echo ${HOME} {} {a,b} {print} 1'\n", run.Out);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("file:///my dir/a.txt", "file:///my dir/a.txt")]
    [InlineData(" s3://a/1\n s3://a/2\n", "s3://a/1|s3://a/2")]
    [InlineData("file:///a b c file:///d e", "file:///a b c|file:///d e")]
    [InlineData("run+fastq@sra://ERR1 https@aria2://h/x", "run+fastq@sra://ERR1|https@aria2://h/x")]
    public async Task One_value_holds_one_uri_for_each_scheme(string value, string expected)
    {
        var run = await ToolRun.Launch("-t", "--json", "-i", value, "cmd");
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(expected, string.Join('|', JsonSerializer.Deserialize<TaskSpec>(run.Out, ScitqJson.Rest)!.Inputs));
    }

    [Theory(Timeout = 60_000), InlineData("1,,2"), InlineData(",1"), InlineData("1, "), InlineData(",")]
    public async Task A_requirement_that_is_nothing_is_refused(string ids)
    {
        var run = await ToolRun.Launch("-t", "-R", ids, "cmd");
        Assert.Equal(2, run.Code);
        Assert.Contains("option -R", run.Error);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_path_where_a_uri_belongs_is_answered_with_the_uri()
    {
        var run = await ToolRun.Launch("-t", "-i", "/etc/hostname", "cmd");
        Assert.Equal(2, run.Code);
        Assert.Contains("Did you mean file:///etc/hostname ?", run.Error);
    }

    public void Dispose() => _folder.Dispose();

    private string Write(byte[] bytes)
    {
        var path = _folder["entries"];
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
