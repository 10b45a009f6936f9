using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Contracts;
using Scitq.Contracts.Docker;
using Scitq.Contracts.Messages;

namespace Scitq.Tests.Unit.Docker;

/// <summary>What is sent to the Engine API.</summary>
[Trait("Level", "Unit")]
public sealed class DockerCreateBodyTests
{
    [Theory]
    [InlineData("all", """[{"Driver":"","Count":-1,"DeviceIDs":null,"Capabilities":[["gpu"]],"Options":{}}]""")]
    [InlineData("device=0,2", """[{"Driver":"","Count":0,"DeviceIDs":["0","2"],"Capabilities":[["gpu"]],"Options":{}}]""")]
    public void Gpus_are_a_device_request(string value, string expected)
    {
        Assert.True(DockerRunOptions.TryParse(["--gpus", value], out var options, out _));
        var request = new RunRequest
        {
            Key = new AttemptKey(Guid.NewGuid(), 1, Guid.NewGuid()),
            Number = 1,
            Worker = "w",
            Spec = new TaskSpec { Argv = ["nvidia-smi"], Image = "cuda", DockerOptions = DockerRunOptions.Read(["--gpus", value]) },
            Directory = new WorkDirectory("/nowhere"),
            Cpu = 1,
        };
        Assert.Equal(expected, DockerCreateBody.Build(request, options, imageUser: null, init: true)["HostConfig"]!["DeviceRequests"]!.ToJsonString());
    }
}
