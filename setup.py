"""What pyproject.toml cannot say: the resources lie beside the package and are installed inside it."""

from setuptools import find_namespace_packages, setup

RESOURCES = "fvae_studio.resources"
FOLDERS = find_namespace_packages("resources")

setup(
    packages=[
        *find_namespace_packages(include=["fvae_studio*", "trainer*"]),
        RESOURCES,
        *(f"{RESOURCES}.{folder}" for folder in FOLDERS),
    ],
    package_dir={RESOURCES: "resources", **{f"{RESOURCES}.{folder}": f"resources/{folder}" for folder in FOLDERS}},
    package_data={
        RESOURCES: ["*"],
        **{
            f"{RESOURCES}.{folder}": ["*.json", "*.jpg", "*.png", "*.safetensors", "*.svg", "*.qm"]
            for folder in FOLDERS
        },
    },
)
